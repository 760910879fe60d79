/** A function or class of our own, written at the head of a file that has it not yet. */
import type { Facts } from "../facts/facts.ts";
import type { Scope } from "../facts/names/scope.ts";
import type { TextEdit } from "../finding.ts";
import type { Helper } from "../frameworks/spelling.ts";
import { rangeOf, type Statement } from "../syntax/ast.ts";
import { lastOfHead, type Spelled, spell } from "./imports.ts";
import { indentUnit, lineEndOf, newlineOf } from "./layout.ts";

/** How `scope` calls it. Null where a name that it takes stands for something else. */
export function defineHelper(facts: Facts, helper: Helper, scope: Scope, threshold: string): Spelled | null {
  const { module } = facts.names;
  const known = module.variables.get(helper.name)?.bindings[0];
  if (known && known.kind !== "function" && known.kind !== "class") return null;
  if (scope.lookup(helper.name) !== (module.variables.get(helper.name) ?? null)) return null;
  const spelled = known ? [] : helper.uses.map((name) => spell(facts, name, module));
  const uses = spelled.flatMap((found) => found?.name ?? []);
  if (uses.length !== spelled.length) return null;
  const lines = spelled.flatMap((found) => found?.edit?.newText.trim() ?? []);
  const imported = lines.length > 0 ? [...new Set(lines)].join(newlineOf(facts.text)) : undefined;
  const { name, object } = helper;
  if (!object) return { name, edit: known ? null : insertAtHead(facts, [helper.define(uses)], imported) };
  const free = freeName(object.name, scope);
  const made = `${free} = ${object.make(name, threshold)}`;
  if (!known) return { name: free, edit: insertAtHead(facts, [helper.define(uses), [made]], imported) };
  const definition = facts.statements.find((statement) => statement.kind === "class" && statement.name === name);
  return definition ? { name: free, edit: insertBehind(facts, definition, made) } : null;
}

function insertBehind({ text }: Facts, statement: Statement, line: string): TextEdit {
  const end = lineEndOf(text, rangeOf(statement).end);
  return { range: { start: end, end }, newText: newlineOf(text).repeat(3) + line };
}

function freeName(wanted: string, scope: Scope): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}_${count}`;
    if (!scope.lookup(name)) return name;
  }
}

/** After the imports that the file starts with, two lines apart. */
function insertAtHead(
  { text, statements }: Facts,
  blocks: readonly (readonly string[])[],
  imported: string | undefined,
): TextEdit {
  const newline = newlineOf(text);
  const unit = indentUnit(text);
  const indented = (line: string) => line.replace(/^( {4})+/, (spaces) => unit.repeat(spaces.length / 4));
  const written = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map(indented).join(newline))
    .join(newline.repeat(3));
  const after = lastOfHead(statements);
  if (!after) {
    const start = text.startsWith("\uFEFF") ? 1 : 0;
    const head = imported ? imported + newline.repeat(3) : "";
    return { range: { start, end: start }, newText: head + written + newline.repeat(3) };
  }
  const end = lineEndOf(text, rangeOf(after).end);
  const blank = /^(\r?\n)*/.exec(text.slice(end))?.[0].match(/\n/g)?.length ?? 0;
  const rest = text.slice(end).trim() === "" ? "" : newline.repeat(Math.max(0, 3 - blank));
  return {
    range: { start: end, end },
    newText: (imported ? newline + imported : "") + newline.repeat(3) + written + rest,
  };
}
