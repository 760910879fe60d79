/** Where calls are made in what a statement evaluates. It depends on the syntax alone, and so is worked out once a node. */
import { type Call, childrenOf, type Expression, expressionsOf, type Statement } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { changesGrad, zeroesGrad } from "../names/by-hand.ts";
import { once } from "../once.ts";

/** Those of a statement's expressions in which something may happen. */
export const callingExpressions = once((statement: Statement) => expressionsOf(statement).filter(mayHappen));

/** What a call is by its looks. */
export const shapeOf = once((call: Call) => ({
  name: lastPart(call.callee),
  changes: changesGrad(call),
  zeroes: zeroesGrad(call),
}));

/** The calls of an expression in the order in which they are made; null where that depends, or where more than calls may happen. */
export const callsInOrder = once((node: Expression): readonly Call[] | null => {
  switch (node.kind) {
    case "call": {
      const { callee } = node;
      const first = callee.kind === "attribute" ? [callee.object] : [];
      return joined([...first, ...node.arguments.map(({ value }) => value)], [node]);
    }
    case "lambda":
      return [];
    case "conditional":
      return mayHappen(node.body) || mayHappen(node.otherwise) ? null : callsInOrder(node.test);
    case "binary":
      if ((node.operator === "and" || node.operator === "or") && mayHappen(node.right)) return null;
      return joined([node.left, node.right]);
    case "comprehension":
      return mayHappen(node) ? null : [];
    case "other":
      return node.broken ? null : joined(node.children);
    default:
      return joined(childrenOf(node));
  }
});

function joined(nodes: readonly Expression[], last: readonly Call[] = []): readonly Call[] | null {
  const all: Call[] = [];
  for (const node of nodes) {
    const calls = callsInOrder(node);
    if (!calls) return null;
    all.push(...calls);
  }
  return [...all, ...last];
}

function mayHappen(node: Expression): boolean {
  return node.kind === "call" || (node.kind === "other" && node.broken) || childrenOf(node).some(mayHappen);
}
