/** How a qualified name is written at some place of a file, with the import that it takes where there is none yet. */
import type { Facts } from "../facts/facts.ts";
import type { Scope, Variable } from "../facts/names/scope.ts";
import { once } from "../facts/once.ts";
import type { TextEdit } from "../finding.ts";
import { FRAMEWORKS } from "../frameworks/index.ts";
import { rangeOf, type Statement } from "../syntax/ast.ts";
import { lineEndOf, newlineOf } from "./layout.ts";

export interface Spelled {
  readonly name: string;
  readonly edit: TextEdit | null;
}

export function spell(facts: Facts, qualified: string, scope: Scope): Spelled | null {
  const names = otherNames(qualified);
  let best: { local: string; covers: string; of: string } | null = null;
  for (let at: Scope | null = scope; at; at = at.parent)
    for (const { variable, name } of imported(facts, at)) {
      const of = names.find((known) => known === name || known.startsWith(`${name}.`));
      if (!of || scope.lookup(variable.name) !== variable) continue;
      // The nearest name wins: an imported function, then `nn`, then `torch`.
      if (!best || of.length - name.length < best.of.length - best.covers.length)
        best = { local: variable.name, covers: name, of };
    }
  if (best) return { name: best.local + best.of.slice(best.covers.length), edit: null };
  // As the file imports the rest of it: `tensorflow.keras` and `keras` don't mix.
  const written =
    names.find((known) => facts.names.imports.some(({ name }) => sharesPackage(name, known))) ?? qualified;
  const root = written.split(".")[0] ?? written;
  if (scope.lookup(root)) return null;
  const module = MODULES.find((name) => written.startsWith(`${name}.`)) ?? root;
  return { name: written, edit: insertImport(facts, root, module) };
}

const MODULES = FRAMEWORKS.flatMap(({ modules = [] }) => modules);

const ALIASES = FRAMEWORKS.flatMap((framework) => framework.aliases ?? []).map(([from, to]) => ({
  prefix: `${to}.`,
  alias: `${from}.`,
}));

/** The name itself, and the others that mean the same. */
function otherNames(qualified: string): string[] {
  const same = ALIASES.filter(({ prefix }) => qualified.startsWith(prefix));
  return [qualified, ...same.map(({ prefix, alias }) => alias + qualified.slice(prefix.length))];
}

/** Up to the package that a name and an import have in common: `keras`, or `tensorflow.keras`. */
function sharesPackage(imported: string, name: string): boolean {
  const [root, inner] = name.split(".");
  const home = root === "tensorflow" && inner === "keras" ? "tensorflow.keras" : root;
  return imported === home || imported.startsWith(`${home}.`);
}

/** The variables of a scope that stand for one import, always. */
function imported(facts: Facts, scope: Scope): readonly Imported[] {
  const known = importedNames(facts);
  let found = known.get(scope);
  if (!found) {
    found = scope.parent ? importedInside(scope) : importedIn(scope);
    known.set(scope, found);
  }
  return found;
}

interface Imported {
  readonly variable: Variable;
  readonly name: string;
}

const importedNames = once((_: Facts) => new Map<Scope, readonly Imported[]>());

const importedIn = (scope: Scope): Imported[] =>
  [...scope.variables.values()].flatMap((variable) => {
    const [first, ...others] = variable.bindings;
    const name = first?.kind === "import" ? first.name : "";
    return name && others.every((other) => other.kind === "import" && other.name === name) ? [{ variable, name }] : [];
  });

/** A scope within a statement stays as it is. */
const importedInside = once(importedIn);

function insertImport({ text, statements }: Facts, root: string, module: string): TextEdit {
  const newline = newlineOf(text);
  const line = `import ${module}`;
  // Beside an import of the same package, which may have to wait for a setting of the environment.
  const after = statements.findLast((statement) => importsFrom(statement, root)) ?? lastOfHead(statements);
  if (after) {
    const end = lineEndOf(text, rangeOf(after).end);
    return { range: { start: end, end }, newText: newline + line };
  }
  const first = statements[0];
  const start = first ? rangeOf(first).start : text.startsWith("\uFEFF") ? 1 : 0;
  return { range: { start, end: start }, newText: line + newline };
}

function importsFrom(statement: Statement, root: string): boolean {
  if (statement.kind === "import-from") return statement.module.split(".")[0] === root;
  return statement.kind === "import" && statement.names.some(({ name }) => name.split(".")[0] === root);
}

/** The last of the imports that a file starts with, or its docstring. */
export function lastOfHead(statements: readonly Statement[]): Statement | null {
  let after: Statement | null = null;
  for (const statement of statements) {
    const docstring = !after && statement.kind === "expression" && statement.value.kind === "string";
    if (!docstring && statement.kind !== "import" && statement.kind !== "import-from") break;
    after = statement;
  }
  return after;
}
