/** Where calls are made in what a statement evaluates. It depends on the syntax alone, and so is worked out once a node. */
import { type Call, childrenOf, type Expression, expressionsOf, type Statement } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { assignsGrad, changesGrad, handsGradOn, zeroesGrad } from "../names/by-hand.ts";
import { once } from "../once.ts";

export interface Evaluation {
  /** Those of a statement's expressions in which something may happen. */
  readonly expressions: readonly Evaluated[];
  /** What an assignment does to gradients, and what it assigns. */
  readonly byHand: { readonly does: "zero" | "hand-on" | "change"; readonly value: Expression } | null;
}

export interface Evaluated {
  readonly expression: Expression;
  /** In the order in which they are made; null where that depends, or where more than calls may happen. */
  readonly calls: readonly Shaped[] | null;
}

/** What a call is by its looks. */
export interface Shaped {
  readonly call: Call;
  readonly name: string;
  readonly changes: boolean;
  readonly zeroes: boolean;
}

/** What a statement itself evaluates. */
export const evaluationOf = once(
  (statement: Statement): Evaluation => ({
    expressions: expressionsOf(statement)
      .filter(mayHappen)
      .map((expression) => ({ expression, calls: callsInOrder(expression) })),
    byHand: doneByHand(statement),
  }),
);

function doneByHand(statement: Statement): Evaluation["byHand"] {
  if ((statement.kind !== "assign" && statement.kind !== "augment") || !statement.value) return null;
  const { value } = statement;
  if (zeroesGrad(statement)) return { does: "zero", value };
  if (handsGradOn(statement)) return { does: "hand-on", value };
  return assignsGrad(statement) ? { does: "change", value } : null;
}

export const shapeOf = once(
  (call: Call): Shaped => ({
    call,
    name: lastPart(call.callee),
    changes: changesGrad(call),
    zeroes: zeroesGrad(call),
  }),
);

/** Kept for what is asked for alone: of its parts, there is no other question. */
export const callsInOrder = once(inOrder);

function inOrder(node: Expression): Evaluated["calls"] {
  switch (node.kind) {
    case "call": {
      const { callee } = node;
      const first = callee.kind === "attribute" ? [callee.object] : [];
      return joined([...first, ...node.arguments.map(({ value }) => value)], [shapeOf(node)]);
    }
    case "lambda":
      return [];
    case "conditional":
      return mayHappen(node.body) || mayHappen(node.otherwise) ? null : inOrder(node.test);
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
}

function joined(nodes: readonly Expression[], last: readonly Shaped[] = []): Evaluated["calls"] {
  const all: Shaped[] = [];
  for (const node of nodes) {
    const calls = inOrder(node);
    if (!calls) return null;
    all.push(...calls);
  }
  return [...all, ...last];
}

function mayHappen(node: Expression): boolean {
  return node.kind === "call" || (node.kind === "other" && node.broken) || childrenOf(node).some(mayHappen);
}
