/** Moves a clip out of a method that comes before the backward pass, to one of its own that comes after it. */
import type { ClipInHook } from "../facts/derived/clips-in-hooks.ts";
import type { Facts } from "../facts/facts.ts";
import type { Scope } from "../facts/names/scope.ts";
import type { TextEdit } from "../finding.ts";
import { childrenOf, type Expression, rangeOf } from "../syntax/ast.ts";
import { indentOf, indentUnit, lineEndOf, newlineOf, reindent } from "./layout.ts";
import { takeOut } from "./place.ts";

export function moveToHook(facts: Facts, { clip, method, hook }: ClipInHook): TextEdit[] | null {
  const { text } = facts;
  const { statement, scope } = clip;
  if (!hook.instead || method.node.kind !== "function" || scope.home !== method.scope || !scope.self) return null;
  if (statement.kind !== "expression" || method.owner?.methods.has(hook.instead.name)) return null;
  if (!meansTheSame(clip.node, scope)) return null;
  const indent = indentOf(text, method.node);
  const removed = takeOut(text, facts.statements, statement);
  if (indent === null || !removed) return null;
  const inner = indent + indentUnit(text);
  const written = reindent(text, statement, inner);
  if (written === null) return null;
  const newline = newlineOf(text);
  const head = `${indent}def ${hook.instead.name}(${[scope.self, ...hook.instead.parameters].join(", ")}):`;
  const at = lineEndOf(text, rangeOf(method.node).end);
  const newText = `${newline}${newline}${head}${newline}${inner}${written}`;
  return [removed, { range: { start: at, end: at }, newText }];
}

/** Every name is one of the module's, or the instance's. */
function meansTheSame(node: Expression, scope: Scope): boolean {
  if (node.kind === "lambda" || node.kind === "comprehension") return false;
  if (node.kind !== "name") return childrenOf(node).every((child) => meansTheSame(child, scope));
  const found = scope.lookup(node.id)?.scope;
  return node.id === scope.self || !found || found.kind === "module";
}
