/** The statements around an expression, out through the calls that led to it. */
import { type Anchor, type Block, blocksOf, type Expression, type Statement } from "../../syntax/ast.ts";
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { Scope } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Frame } from "../values/value.ts";

export interface Enclosing {
  readonly statement: Statement;
  /** The block of it that the expression is in. */
  readonly block: Block | null;
  readonly frame: Frame;
  readonly scope: Scope;
}

/** Innermost first. */
export function enclosing(facts: Facts, { node, frame, scope }: Seen): Enclosing[] {
  const statement = facts.statements[topLevel(facts.statements).get(node.anchor) ?? -1];
  const found = statement ? within(statement)(node) : [];
  // A definition is entered by being called.
  const definition = found.findLastIndex(({ statement }) => statement.kind === "function");
  const inner = found.slice(definition + 1).map((at) => ({ ...at, frame, scope }));
  const { call } = facts.values.frames.for(scope, frame);
  return [...inner.reverse(), ...(call ? enclosing(facts, { ...call, node: call.call }) : [])];
}

/** The index of a text's statement by the anchor that all in it have. */
export const topLevel = once(
  (statements: Block): ReadonlyMap<Anchor, number> => new Map(statements.map(({ anchor }, index) => [anchor, index])),
);

const within = once((statement: Statement) => once((node: Expression) => wayTo(statement, node)));

function wayTo(statement: Statement | undefined, node: Expression): { statement: Statement; block: Block | null }[] {
  if (!statement) return [];
  const block = blocksOf(statement).find((each) => each.some((inner) => isWithin(inner, node))) ?? null;
  const inner = block?.find((each) => isWithin(each, node));
  return block ? [{ statement, block }, ...wayTo(inner, node)] : [];
}

const isWithin = (outer: Statement, inner: Expression) =>
  outer.anchor === inner.anchor && outer.start <= inner.start && inner.end <= outer.end;
