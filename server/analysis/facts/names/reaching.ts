/** Which bindings of a name may hold where it is used. */
import { type Block, rangeOf, type Statement, type StatementOf } from "../../syntax/ast.ts";
import type { Binding } from "./scope.ts";

/**
 * The bindings that may hold at a place of the scope itself: an earlier one only if none that every way to the place
 * passes came after it, a later one only if a loop leads back past no such one.
 */
export function reaching(bindings: readonly Binding[], use: number): readonly Binding[] {
  if (bindings.length < 2) return bindings;
  const before = bindings.filter((binding) => isBefore(binding, use));
  const last = before.findLastIndex((binding) => isCertain(binding, use));
  const certain = before[last]?.statement;
  const around = bindings.filter((binding) => {
    const loop = isBefore(binding, use) ? undefined : binding.loops.findLast((outer) => holds(outer, use));
    return loop && !(certain && holds(loop, rangeOf(certain).start) && certain !== loop);
  });
  const joined = joinBefore(before, use);
  const left = before
    .slice(Math.max(0, last))
    .filter(({ statement }) => (statement ? rangeOf(statement).end : 0) > joined);
  const found = [...left, ...around];
  return found.length > 0 ? found : bindings;
}

/** Where the last `if` begins that every way to the place passes, and each branch of which binds the name. */
function joinBefore(bindings: readonly Binding[], use: number): number {
  let start = -1;
  for (const { branchings } of bindings)
    for (const { statement, block } of branchings) {
      const range = rangeOf(statement);
      if (range.start > start && range.end <= use && isWithin(block, use) && bindsInEachBranch(statement, bindings))
        start = range.start;
    }
  return start;
}

/** A branch that doesn't come out at the end of the statement binds what it may. */
function bindsInEachBranch({ body, otherwise }: StatementOf<"if">, bindings: readonly Binding[]): boolean {
  return [body, otherwise].every((branch) => {
    const end = branch.at(-1)?.kind;
    return (
      end === "return" ||
      end === "jump" ||
      bindings.some(
        ({ block, statement }) => block === branch && statement !== null && bindsFirst(statement) !== true,
      ) ||
      branch.some((inner) => inner.kind === "if" && bindsInEachBranch(inner, bindings))
    );
  });
}

function isBefore({ statement }: Binding, use: number): boolean {
  if (!statement) return true;
  const { start, end } = rangeOf(statement);
  return (bindsFirst(statement) ? start : end) <= use;
}

/** Every way to the place comes through this binding. */
function isCertain({ statement, block }: Binding, use: number): boolean {
  if (!statement || statement.kind === "if" || statement.kind === "while") return false;
  return isWithin(statement.kind === "for" ? statement.body : block, use);
}

function isWithin(block: Block, offset: number): boolean {
  const [first, last] = [block[0], block.at(-1)];
  return first !== undefined && last !== undefined && rangeOf(first).start <= offset && offset < rangeOf(last).end;
}

function holds(statement: Statement, offset: number): boolean {
  const { start, end } = rangeOf(statement);
  return start <= offset && offset < end;
}

/** A statement that binds before it runs the blocks in it. */
const bindsFirst = ({ kind }: Statement) => kind === "for" || kind === "with" || kind === "if" || kind === "while";
