/** Which bindings of a name may hold where it is used. */
import { rangeOf, type Statement } from "../syntax/ast.ts";
import type { Binding } from "./scope.ts";

/**
 * The bindings that may hold at a place of the scope itself: a later one counts only around a loop, and an earlier one
 * only if none that every way to the place passes came after it.
 */
export function reaching(bindings: readonly Binding[], use: number): readonly Binding[] {
  if (bindings.length < 2) return bindings;
  const holds = (binding: Binding) => {
    if (!binding.statement) return true;
    const { start, end } = rangeOf(binding.statement);
    return (isBlock(binding.statement) ? start : end) <= use;
  };
  const before = bindings.filter(holds);
  const last = before.findLastIndex(
    (binding) => binding.depth === 0 && binding.statement !== null && !isBlock(binding.statement),
  );
  const around = bindings.filter((binding) => {
    if (holds(binding) || !binding.loop) return false;
    const { start, end } = rangeOf(binding.loop);
    return start <= use && use < end;
  });
  const found = [...before.slice(Math.max(0, last)), ...around];
  return found.length > 0 ? found : bindings;
}

const isBlock = (statement: Statement) =>
  statement.kind === "for" || statement.kind === "with" || statement.kind === "if" || statement.kind === "while";
