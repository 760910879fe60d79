/** Clipping by a method that a framework calls before each update, in the class that it trains. */
import { isTold } from "../facts/derived/scaler.ts";
import type { ClipEvent, StepEvent } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import { usesExternal } from "../facts/names/external-names.ts";
import type { ClassInfo, Scope } from "../facts/names/scope.ts";
import type { Frame } from "../facts/values/value.ts";
import type { TextEdit } from "../finding.ts";
import type { HookSpelling } from "../frameworks/spelling.ts";
import { rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import { defineHelper } from "./define-helper.ts";
import { groupsOf } from "./expressions.ts";
import { indentOf, indentUnit, lineEndOf, newlineOf } from "./layout.ts";

export function clipInHook(
  facts: Facts,
  step: StepEvent,
  spelling: HookSpelling,
  threshold: string,
): TextEdit[] | null {
  const { text, names } = facts;
  const { helper, method, notWith, onlyIf } = spelling;
  const info = trainedClass(facts, step, spelling);
  if (!info || !isPlain(facts, info, spelling) || !isOnlyUpdate(facts, step, info)) return null;
  if (notWith && usesExternal(names, notWith)) return null;
  if (onlyIf && !isTold(facts, onlyIf, { ...step, node: trainerOf(step) })) return null;
  const spelled = defineHelper(facts, helper, names.module, threshold);
  const after = info.methods.get("training_step")?.node ?? info.node.body.at(-1);
  const indent = after && after.kind !== "lambda" ? indentOf(text, after) : null;
  if (!spelled || !after || indent === null) return null;
  const newline = newlineOf(text);
  const call = spelling.write({ function: spelled.name, parameters: groupsOf(facts, "optimizer"), threshold });
  const lines = [`${indent}def ${method.name}(${["self", ...method.parameters].join(", ")}):`];
  lines.push(indent + indentUnit(text) + call);
  const end = lineEndOf(text, rangeOf(after).end);
  const edit = { range: { start: end, end }, newText: [newline, ...lines].join(newline) };
  return spelled.edit ? [spelled.edit, edit] : [edit];
}

/** The clips in such methods of the class, which no path to the update shows. */
export function clipsInHooks(facts: Facts, step: StepEvent, spelling: HookSpelling): ClipEvent[] {
  const info = trainedClass(facts, step, spelling);
  const clips = info ? facts.clips.map(({ clip }) => clip) : [];
  return clips.filter(({ frame, scope }) => {
    for (let at: Frame | null = facts.values.frames.for(scope, frame); at; at = at.call?.frame ?? null)
      if (at.scope.info?.owner === info && spelling.unless.includes(at.scope.info?.name ?? "")) return true;
    return false;
  });
}

/** Why the class has no room for another such method: one that it has. */
export function takenHook(facts: Facts, step: StepEvent, spelling: HookSpelling): string | null {
  const info = trainedClass(facts, step, spelling);
  const name = spelling.unless.find((member) => info?.methods.has(member));
  return info && name
    ? `\`${info.node.name}.${name}\` takes the gradients into its own hands before the update. Clip them there.`
    : null;
}

/** The class of what the update trains, or the one that it stands in. */
function trainedClass({ values }: Facts, { node, frame, scope, optimizer }: StepEvent, { model }: HookSpelling) {
  if (model === null) return ownerOf(optimizer.constructors[0]?.scope ?? scope);
  const given = node.kind === "call" ? argumentOf(node, model.position, model.keyword) : null;
  const [value, another] = given?.stars === 0 ? values.evaluate(given.value, frame, scope) : [];
  return value?.kind === "instance" && !another ? value.info : null;
}

function ownerOf(scope: Scope): ClassInfo | null {
  for (let at: Scope | null = scope; at; at = at.parent) if (at.info?.owner) return at.info.owner;
  return null;
}

/** All of it is at the top of this very file, and it leaves what happens before an update to the framework. */
function isPlain({ names, values }: Facts, info: ClassInfo, { base, unless }: HookSpelling): boolean {
  const [only, another] = info.node.bases;
  if (info.scope.parent !== names.module || !only || another) return false;
  const bases = values.evaluate(only.value, values.frames.around(info.scope));
  const known = bases.length > 0 && bases.every((value) => value.kind === "external" && base.test(value.name));
  return known && !unless.some((name) => values.members.defines(info, name));
}

/** The method is called before every update of the class: of others this clip wasn't asked for. */
const isOnlyUpdate = ({ updates }: Facts, step: StepEvent, info: ClassInfo) =>
  updates.every((other) => other.step.node === step.node || ownerOf(other.step.scope) !== info);

const trainerOf = ({ node }: StepEvent) =>
  node.kind === "call" && node.callee.kind === "attribute" ? node.callee.object : node;
