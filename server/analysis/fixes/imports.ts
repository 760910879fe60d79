/** How a qualified name is written at some place of a file, with the import that it takes where there is none yet. */
import type { Facts } from "../facts/facts.ts";
import { once } from "../facts/once.ts";
import type { Scope } from "../facts/scope.ts";
import type { TextEdit } from "../finding.ts";
import { rangeOf, type Statement } from "../syntax/ast.ts";
import { lineEndOf, newlineOf } from "./layout.ts";

export interface Spelled {
  readonly name: string;
  readonly edit: TextEdit | null;
}

export function spell(facts: Facts, qualified: string, scope: Scope): Spelled | null {
  let best: { local: string; covers: string } | null = null;
  for (let at: Scope | null = scope; at; at = at.parent)
    for (const { variable, name } of imported(at)) {
      if (!(qualified === name || qualified.startsWith(`${name}.`)) || scope.lookup(variable.name) !== variable)
        continue;
      // The nearest name wins: an imported function, then `nn`, then `torch`.
      if (!best || name.length > best.covers.length) best = { local: variable.name, covers: name };
    }
  if (best) return { name: best.local + qualified.slice(best.covers.length), edit: null };
  const root = qualified.split(".")[0] ?? qualified;
  if (scope.lookup(root)) return null;
  return { name: qualified, edit: insertImport(facts, `import ${root}`) };
}

/** The variables of a scope that stand for one import, always. */
const imported = once((scope: Scope) =>
  [...scope.variables.values()].flatMap((variable) => {
    const names = new Set(variable.bindings.map((binding) => (binding.kind === "import" ? binding.name : "")));
    const [name] = names;
    return names.size === 1 && name ? [{ variable, name }] : [];
  }),
);

function insertImport({ text, statements }: Facts, line: string): TextEdit {
  const newline = newlineOf(text);
  let after: Statement | null = null;
  for (const statement of statements) {
    const docstring = !after && statement.kind === "expression" && statement.value.kind === "string";
    if (!docstring && statement.kind !== "import" && statement.kind !== "import-from") break;
    after = statement;
  }
  if (after) {
    const end = lineEndOf(text, rangeOf(after).end);
    return { range: { start: end, end }, newText: newline + line };
  }
  const first = statements[0];
  const start = first ? rangeOf(first).start : text.startsWith("\uFEFF") ? 1 : 0;
  return { range: { start, end: start }, newText: line + newline };
}
