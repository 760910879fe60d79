/** Loops over parameters that take a step of gradient descent with each: `for p in model.parameters(): p -= lr * p.grad`. */
import { blocksOf, childrenOf, type Expression, type Statement, type StatementOf } from "../../syntax/ast.ts";
import { once } from "../once.ts";
import { gradAsItIs } from "./by-hand.ts";

/** One loop's update of what it goes through. */
export interface Descent {
  readonly loop: StatementOf<"for">;
  /** What is gone through, without what numbers its elements or pairs them with others. */
  readonly through: Expression;
  /** What the gradient is multiplied with or divided by. */
  readonly rates: readonly Expression[];
  /** The update, as a place to show. */
  readonly node: Expression;
}

/** By the statement that updates. */
export const descentsIn = once((loop: StatementOf<"for">): ReadonlyMap<Statement, Descent> => {
  const found = new Map<Statement, Descent>();
  for (const [name, through] of elementsOf(loop.target, loop.iterable)) collect(loop.body, name, through, loop, found);
  return found;
});

function collect(
  body: readonly Statement[],
  name: string,
  through: Expression,
  loop: Descent["loop"],
  found: Map<Statement, Descent>,
): void {
  for (const statement of body) {
    const rates = ratesOf(statement, name);
    const { anchor, start, end } = statement;
    if (rates)
      found.set(statement, {
        loop,
        through,
        rates,
        node: { anchor, start, end, kind: "other", broken: false, children: [] },
      });
    // An inner loop over something else still updates what this one holds; what is defined here runs elsewhere.
    if (statement.kind !== "function" && statement.kind !== "class")
      for (const inner of blocksOf(statement)) collect(inner, name, through, loop, found);
  }
}

/** The names that a loop gives its elements, each with what these are elements of. */
function elementsOf(target: Expression, iterable: Expression): [string, Expression][] {
  if (target.kind === "name") return [[target.id, iterable]];
  if (target.kind !== "sequence") return [];
  const second = target.elements[1];
  if (iterable.kind !== "call") return [];
  const { callee, arguments: given } = iterable;
  const first = given[0]?.value;
  if (callee.kind === "attribute" && callee.name === "named_parameters")
    return second?.kind === "name" ? [[second.id, iterable]] : [];
  if (callee.kind !== "name" || !first) return [];
  if (callee.id === "enumerate") return second ? elementsOf(second, first) : [];
  if (callee.id !== "zip") return [];
  return target.elements.flatMap((element, index) => {
    const paired = given[index];
    return paired?.stars === 0 ? elementsOf(element, paired.value) : [];
  });
}

/** What the gradient is scaled by, where the statement moves the parameter down it, and does nothing else. */
function ratesOf(statement: Statement, name: string): readonly Expression[] | null {
  switch (statement.kind) {
    case "augment":
      if (!isParameter(statement.target, name)) return null;
      if (statement.operator === "-=") return multiple(statement.value, name);
      return statement.operator === "+=" ? negative(statement.value, name) : null;
    case "assign": {
      const [target, another] = statement.targets;
      // `p = p - lr * p.grad` gives the name to another tensor.
      if (target?.kind !== "attribute" || another || !statement.value || !isParameter(target, name)) return null;
      return difference(statement.value, name);
    }
    case "expression":
      return statement.value.kind === "call" ? changed(statement.value, name) : null;
    default:
      return null;
  }
}

/** `p.data.add_(p.grad, alpha=-lr)`, `p.data.add_(-lr, p.grad)`, `p.sub_(lr * p.grad)`, `p.copy_(p - lr * p.grad)`. */
function changed(
  { callee, arguments: given }: Expression & { kind: "call" },
  name: string,
): readonly Expression[] | null {
  if (callee.kind !== "attribute" || !isParameter(callee.object, name)) return null;
  const [first, second, another] = given;
  if (!first || first.keyword || another) return null;
  if (callee.name === "copy_") return second ? null : difference(first.value, name);
  const times = (gradient: Expression, rate: Expression | null) => {
    const rates = rate && multiple(gradient, name);
    return rates && [...rates, rate];
  };
  if (callee.name === "sub_") {
    if (!second) return multiple(first.value, name);
    return second.keyword === "alpha" ? times(first.value, second.value) : null;
  }
  if (callee.name !== "add_") return null;
  if (!second) return negative(first.value, name);
  if (second.keyword === "alpha") return times(first.value, negated(second.value));
  return second.keyword ? null : times(second.value, negated(first.value));
}

/** `p - lr * p.grad`. */
function difference(node: Expression, name: string): readonly Expression[] | null {
  return node.kind === "binary" && node.operator === "-" && isParameter(node.left, name)
    ? multiple(node.right, name)
    : null;
}

/** `-lr * p.grad`. */
function negative(node: Expression, name: string): readonly Expression[] | null {
  if (node.kind === "unary") return node.operator === "-" ? multiple(node.operand, name) : null;
  if (node.kind !== "binary" || !/^[*/]$/.test(node.operator)) return null;
  const [left, right] = [negative(node.left, name), multiple(node.right, name)];
  const other = negated(node.left);
  if (node.operator === "*" && right && other) return [...right, other];
  return left && !mentionsGrad(node.right) ? [...left, node.right] : null;
}

/** `lr` of `-lr`, and of a negative number. */
function negated(node: Expression): Expression | null {
  if (node.kind === "unary") return node.operator === "-" ? node.operand : null;
  if (node.kind === "number") return node.value < 0 ? node : null;
  if (node.kind !== "binary" || !/^[*/]$/.test(node.operator)) return null;
  return negated(node.left) ? node : null;
}

/** The other factors and divisors, where one factor is the parameter's gradient as it is. */
function multiple(node: Expression, name: string): readonly Expression[] | null {
  const moved = gradAsItIs(node);
  if (moved) return isParameter(moved, name) ? [] : null;
  if (node.kind !== "binary" || !/^[*/]$/.test(node.operator)) return null;
  const left = multiple(node.left, name);
  if (left) return mentionsGrad(node.right) ? null : [...left, node.right];
  const right = node.operator === "*" ? multiple(node.right, name) : null;
  return right && !mentionsGrad(node.left) ? [...right, node.left] : null;
}

const mentionsGrad = (node: Expression): boolean =>
  (node.kind === "attribute" && /grad$/.test(node.name)) || childrenOf(node).some(mentionsGrad);

/** `p`, `p.data`. */
function isParameter(node: Expression, name: string): boolean {
  if (node.kind === "attribute") return node.name === "data" && isParameter(node.object, name);
  return node.kind === "name" && node.id === name;
}
