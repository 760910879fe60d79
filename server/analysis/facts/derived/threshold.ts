/** Where the number that a threshold expression stands for is written: the one place to edit. */
import { type Expression, rangeOf } from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import type { Seen } from "../events/events.ts";
import { type Facts, type Program, sourceOf } from "../facts.ts";
import { type Index, listed, unwatched } from "../names/reads.ts";
import type { Binding, ClassInfo, Names } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Value } from "../values/value.ts";
import { isParsed, type Option, optionFor, optionOfCall, optionOfKeywords, optionOfParameter } from "./command-line.ts";
import { thresholdInFile } from "./config-file.ts";
import { heldNumber, isCommandLine } from "./held-number.ts";
import { savedHyperparameter } from "./hyperparameters.ts";

/** Names for one number, one behind the other. */
const MAX_NAMES = 6;

export interface KnownThreshold {
  readonly literal: Expression;
  /** Null for `None`. */
  readonly value: number | null;
  readonly origin: string;
  /** It holds only where nothing else is given. */
  readonly isDefault: boolean;
  /** What gives something else on the command line. */
  readonly flag?: string;
}

export type ThresholdSource =
  | KnownThreshold
  /** Why it can't be told, as the end of a sentence that starts with the expression. */
  | {
      readonly unknown: string;
      /** It is given on the command line by this, or not at all. */
      readonly flag?: string;
    };

/**
 * The same, looking at all that the file imports from the workspace: for one answer to the user, not for each keystroke. Modules that
 * by their text have nothing to do with training are read for it.
 */
export function thresholdSourceAround(facts: Facts, seen: Seen): ThresholdSource {
  const { imports } = facts.values;
  for (const { name, scope } of facts.names.imports) if (imports.isAround(name, scope)) imports.look(name, scope);
  const source = thresholdSource(facts, seen);
  // A file that is merged into what a class says wins over it.
  const isSure = "literal" in source && !source.isDefault;
  return isSure ? source : (thresholdInFile(facts, seen) ?? source);
}

export function thresholdSource(facts: Program, seen: Seen, depth = 0): ThresholdSource {
  const converted = conversionOf(facts, seen);
  if (converted) return thresholdSource(facts, { ...seen, node: converted }, depth);
  const chosen = fromChoice(facts, seen, depth);
  if (chosen) return chosen;
  const special = specialNumber(facts, seen);
  if (special !== null)
    return { literal: seen.node, value: special, origin: "the number in the call", isDefault: false };
  const values = lookedUp(facts, facts.values.evaluate(seen.node, seen.frame, seen.scope));
  const literals = new Map<Expression, number>();
  let open = false;
  for (const value of values) {
    const number = value.kind === "literal" ? numberOf(value.node) : null;
    if (number !== null && value.kind === "literal") literals.set(value.node, number);
    else if (value.kind !== "none") open = true;
  }
  const [only] = literals;
  if (literals.size > 1) return { unknown: `may be any of ${[...literals.values()].join(", ")}` };
  if (only && (!open || isDefault(facts, only[0])))
    return { literal: only[0], value: only[1], origin: originOf(facts, seen, only[0]), isDefault: open };
  return (
    fromFallback(facts, seen) ??
    fromEnvironment(facts, seen) ??
    fromHyperparameters(facts, seen, depth) ??
    fromHolder(facts, seen, depth) ??
    fromNone(facts, seen, values) ??
    fromCommandLine(facts, seen, values) ??
    fromFields(facts, seen, values) ??
    fromName(facts, seen, depth) ?? { unknown: why(values) }
  );
}

/** A module that by its text has nothing to do with training is not looked into until one of its names turns out to be a threshold. */
function lookedUp({ values: { imports } }: Program, values: readonly Value[]): readonly Value[] {
  return values.flatMap((value) => {
    if (value.kind !== "external" || !/^[.\w]+$/.test(value.name)) return [value];
    const owner = value.name.slice(0, value.name.lastIndexOf("."));
    if (![value.name, owner].some((name) => imports.isAround(name, value.scope))) return [value];
    const found = imports.look(value.name, value.scope);
    return found.length > 0 ? found : [value];
  });
}

/** `args.clip if args.clip else 1.0`, `args.clip or 1.0`: what is there, and else the other. */
function fromChoice(facts: Program, seen: Seen, depth: number): ThresholdSource | null {
  const [first, otherwise] = choiceOf(facts, seen.node);
  if (!first || !otherwise || depth > MAX_NAMES) return null;
  const source = thresholdSource(facts, { ...seen, node: first.node }, depth + 1);
  const isGiven = "literal" in source && source.value !== null && (source.value !== 0 || !first.zeroCountsAsNone);
  if (isGiven) return source;
  if (!source.flag) return null;
  const fallback = thresholdSource(facts, { ...seen, node: otherwise }, depth + 1);
  if (!("literal" in fallback)) return null;
  return { ...fallback, origin: `what holds without \`${source.flag}\``, isDefault: true, flag: source.flag };
}

type Choice = { readonly node: Expression; readonly zeroCountsAsNone: boolean };

/** Only where what is asked for is what is taken. */
function choiceOf(facts: Program, node: Expression): [Choice, Expression] | [] {
  if (node.kind === "binary" && node.operator === "or")
    return [{ node: node.left, zeroCountsAsNone: true }, node.right];
  if (node.kind !== "conditional") return [];
  const { test, body, otherwise } = node;
  const taken = sourceOf(facts, body);
  if (sourceOf(facts, test) === taken) return [{ node: body, zeroCountsAsNone: true }, otherwise];
  return sourceOf(facts, test) === `${taken} is not None` ? [{ node: body, zeroCountsAsNone: false }, otherwise] : [];
}

function numberOf(node: Expression): number | null {
  if (node.kind === "number") return node.value;
  if (node.kind === "unary" && node.operator === "-" && node.operand.kind === "number") return -node.operand.value;
  return null;
}

/** `args.clip` in `float(args.clip)`. */
function conversionOf(facts: Program, { node, frame, scope }: Seen): Expression | null {
  if (node.kind !== "call" || node.arguments.length !== 1 || node.arguments[0]?.value.kind === "string") return null;
  const named = facts.values.evaluate(node.callee, frame, scope);
  const converts = named.some((value) => value.kind === "external" && /^builtins\.(float|int)$/.test(value.name));
  return converts ? (node.arguments[0]?.value ?? null) : null;
}

/** `float("inf")`, `math.inf`, and the like for NaN. */
function specialNumber(facts: Program, { node, frame, scope }: Seen): number | null {
  if (node.kind !== "call" && node.kind !== "attribute" && node.kind !== "name") return null;
  const [value, another] = facts.values.evaluate(node, frame, scope);
  if (another || value?.kind !== "external") return null;
  const given = value.call?.arguments[0]?.value;
  if (value.name === "builtins.float()" && given?.kind === "string") {
    if (/^\+?inf(inity)?$/i.test(given.value)) return Number.POSITIVE_INFINITY;
    return /^nan$/i.test(given.value) ? Number.NaN : null;
  }
  if (/^(math|numpy|torch)\.inf$/.test(value.name)) return Number.POSITIVE_INFINITY;
  return /^(math|numpy|torch)\.nan$/.test(value.name) ? Number.NaN : null;
}

/** The default of a parameter that no call in the file fills. */
const isDefault = (facts: Program, literal: Expression) => defaultsIn(unwatched(facts.names)).has(literal);

/** A default stands where it stands, whatever becomes of other statements. */
const defaultsIn = once(({ functions }: Names) => {
  const parameters = functions.flatMap(({ node }) => node.parameters);
  return new Map(parameters.map((parameter) => [parameter.fallback, parameter]));
});

function originOf(facts: Program, { node }: Seen, literal: Expression): string {
  if (node === literal) return "the number in the call";
  const parameter = defaultsIn(unwatched(facts.names)).get(literal);
  if (parameter) return `the default of \`${parameter.name}\``;
  return `the number behind \`${sourceOf(facts, node)}\``;
}

/** `cfg.get("clip", 1.0)` of a dictionary in this file; `getattr(args, "clip", 1.0)` of what a parser in this file parsed. */
function fromFallback(facts: Program, seen: Seen): ThresholdSource | null {
  const { node, frame, scope } = seen;
  if (node.kind !== "call") return null;
  const { callee } = node;
  if (callee.kind === "attribute" && callee.name === "get") {
    const [key, fallback] = node.arguments.map((argument) => argument.value);
    if (key?.kind !== "string") return null;
    const [held, another] = facts.values.evaluate(callee.object, frame, scope);
    if (another || held?.kind !== "elements" || !held.keys || held.keys.includes(null)) return null;
    const index = held.keys.lastIndexOf(key.value);
    const item = held.items?.[index];
    if (item) return thresholdSource(facts, item);
    return fallback && index === -1 ? thresholdSource(facts, { ...seen, node: fallback }) : null;
  }
  if (callee.kind !== "name" || callee.id !== "getattr" || scope.lookup(callee.id)) return null;
  const [object, name, fallback] = node.arguments.map((argument) => argument.value);
  if (!object || name?.kind !== "string" || !fallback || !isParsed(facts.values.evaluate(object, frame, scope)))
    return null;
  const attribute: Expression = { ...node, kind: "attribute", object, name: name.value };
  if (facts.values.variables.of(attribute, frame, scope)?.variable.bindings.length) return null;
  const option = optionFor(facts, name.value);
  return option ? defaultOf(facts, option) : thresholdSource(facts, { ...seen, node: fallback });
}

/** `os.environ.get("CLIP", "1.0")`. */
function fromEnvironment(facts: Program, { node, frame, scope }: Seen): ThresholdSource | null {
  if (node.kind !== "call") return null;
  const called = facts.values.evaluate(node.callee, frame, scope);
  if (!called.every((value) => value.kind === "external" && /^os\.(environ\.get|getenv)$/.test(value.name)))
    return null;
  const [name, fallback] = node.arguments.map((argument) => argument.value);
  const value = fallback?.kind === "string" ? Number(fallback.value || Number.NaN) : fallback && numberOf(fallback);
  if (name?.kind !== "string" || !fallback || typeof value !== "number" || Number.isNaN(value)) return null;
  const origin = `what holds without the environment variable \`${name.value}\``;
  return { literal: fallback, value, origin, isDefault: true };
}

/** `dict(clip=1.0)["clip"]`, `SimpleNamespace(clip=1.0).clip`, `_C.SOLVER.CLIP = 1.0` of what `cfg` is a copy of. */
function fromHolder(facts: Program, seen: Seen, depth: number): ThresholdSource | null {
  const held = depth > MAX_NAMES ? null : heldNumber(facts, seen);
  if (!held) return null;
  const source = thresholdSource(facts, held, depth + 1);
  if (!("literal" in source) || source.flag !== undefined) return source;
  const wins = held.isDefault ? " (what is merged into it, or a sweep, still wins)" : "";
  return { ...source, origin: `the number behind \`${sourceOf(facts, seen.node)}\`${wins}`, isDefault: held.isDefault };
}

/** `self.hparams.clip` of Lightning's `self.save_hyperparameters()`. */
function fromHyperparameters(facts: Program, seen: Seen, depth: number): ThresholdSource | null {
  const saved = depth > MAX_NAMES ? null : savedHyperparameter(facts, seen);
  const source = saved && thresholdSource(facts, saved, depth + 1);
  if (!source || !("literal" in source) || source.isDefault) return source;
  return { ...source, origin: `the number behind \`${sourceOf(facts, seen.node)}\`` };
}

/** `None`, written as the default of a parameter that nothing else fills. */
function fromNone(facts: Program, { node, frame, scope }: Seen, values: readonly Value[]): ThresholdSource | null {
  if (node.kind === "constant" && node.value === null)
    return { literal: node, value: null, origin: "the `None` in the call", isDefault: false };
  if (node.kind !== "name" || !values.every((value) => value.kind === "none" || value.kind === "unknown")) return null;
  const [binding, another] = facts.values.variables.of(node, frame, scope)?.variable.bindings ?? [];
  if (another || binding?.kind !== "parameter") return null;
  const { fallback, name } = binding.parameter;
  if (fallback?.kind !== "constant" || fallback.value !== null || facts.values.callers.of(binding.scope).length > 0)
    return null;
  return { literal: fallback, value: null, origin: `the default of \`${name}\``, isDefault: true };
}

/** `args.clip`, where a parser says `add_argument("--clip", default=0.25)`; `vars(args)["clip"]`. */
function fromCommandLine(facts: Program, seen: Seen, values: readonly Value[]): ThresholdSource | null {
  const { node, frame, scope } = seen;
  if (node.kind === "subscript") {
    const option = optionOfKeywords(facts, node, scope);
    return option ? defaultOf(facts, option) : fromVars(facts, node, values);
  }
  if (node.kind !== "attribute") return null;
  const [only, another] = values;
  const declared = only?.kind === "external" && !another ? optionOfCall(facts, only) : null;
  if (declared) return defaultOf(facts, declared);
  if (!isParsed(values) && !values.every((value) => value.kind === "unknown" || isMadeAround(facts, value)))
    return null;
  // `args.clip = …`: no longer only what was given.
  if (facts.values.variables.of(node, frame, scope)?.variable.bindings.length) return null;
  const option = optionFor(facts, node.name);
  return option && defaultOf(facts, option);
}

function fromVars(facts: Program, { index }: Expression & { kind: "subscript" }, values: readonly Value[]) {
  const [value, another] = values;
  if (another || value?.kind !== "external" || !/^builtins\.vars\(\)\[/.test(value.name)) return null;
  const given = value.call?.arguments[0]?.value;
  const parsed = given ? facts.values.evaluate(given, value.frame, value.scope) : [];
  const option = index?.kind === "string" && isParsed(parsed) ? optionFor(facts, index.value) : null;
  return option && defaultOf(facts, option);
}

/** Made by a function of a module of the workspace: `get_options().clip`. */
function isMadeAround({ values: { imports } }: Program, value: Value): boolean {
  if (value.kind !== "external") return false;
  const [made, rest] = value.name.split("(", 2);
  return rest !== undefined && imports.isAround(made ?? "", value.scope);
}

function defaultOf(facts: Program, { flag, fallback, scope }: Option): ThresholdSource {
  if (!fallback) return { unknown: `is given on the command line by \`${flag}\`, which has no default`, flag };
  const found = thresholdSource(facts, { node: fallback, frame: facts.values.frames.of(scope), scope });
  return "literal" in found
    ? { ...found, origin: `the default of \`${flag}\` (a value on the command line still wins)`, isDefault: true, flag }
    : { unknown: `is given on the command line by \`${flag}\`` };
}

/** Libraries that make an object of a class that they are given. */
const FILLS =
  /^(transformers\.HfArgumentParser|trl\.TrlParser|tyro|simple_parsing|jsonargparse|pyrallis|draccus|chz|dacite|omegaconf|hydra)\b/;

/** `cfg.clip`, where one class of this file or its modules has such a field and some library fills it in. */
function fromFields(facts: Program, { node, frame, scope }: Seen, values: readonly Value[]): ThresholdSource | null {
  if (node.kind !== "attribute" || (node.object.kind === "name" && node.object.id === scope.self)) return null;
  const owners = facts.values.evaluate(node.object, frame, scope);
  if (owners.some((owner) => isGiven(owner, node.name)) || owners.some((owner) => isOverridden(facts, owner)))
    return null;
  const here = listed(facts.names, fieldsIn, node.name);
  const isFilled = values.every(
    (value) =>
      value.kind === "unknown" || isMadeAround(facts, value) || (value.kind === "external" && FILLS.test(value.name)),
  );
  const elsewhere = isFilled ? facts.values.imports.around() : [];
  const [field, another] = here.length > 0 ? here : elsewhere.flatMap((names) => listed(names, fieldsIn, node.name));
  if (!field || another) return null;
  const { info, binding } = field;
  const literal = fieldDefault(binding.value);
  const value = numberOf(literal);
  const isNone = literal.kind === "constant" && literal.value === null;
  if (value === null && !isNone) return null;
  const origin = `the field \`${info.node.name}.${node.name}\``;
  // `None` says that it may be given in another way, too: where the object is made.
  return { literal, value, origin, isDefault: true, ...(!isNone && { flag: `--${node.name}` }) };
}

/** `clip = args.clip`; what all calls pass for a parameter; the parameter of a function that the command line calls. */
function fromName(facts: Program, { node, frame, scope }: Seen, depth: number): ThresholdSource | null {
  const { variables, frames, callers } = facts.values;
  const variable = node.kind === "name" ? scope.lookup(node.id) : variables.of(node, frame, scope)?.variable;
  const [only, another] = variable?.bindings ?? [];
  if (!variable || !only || another || variable.contents.length > 0 || depth > MAX_NAMES) return null;
  const within = frames.for(only.scope, frame);
  const isField = only.scope.kind === "class" && node.kind === "attribute";
  if (isField && facts.values.evaluate(node.object, frame, scope).some((owner) => isGiven(owner, node.name)))
    return null;
  if (only.kind === "value" && only.path.length === 0)
    return thresholdSource(facts, { node: only.value, frame: within, scope: only.scope }, depth + 1);
  if (only.kind !== "parameter") return null;
  const option = only.scope.info && optionOfParameter(facts, only.scope.info, variable.name);
  if (option) return defaultOf(facts, option);
  const calls = within.call ? [within.call.call] : callers.of(only.scope).map(({ call }) => call);
  const sources = calls.map((call) => {
    const passed = callers.argumentFor(only, call, within);
    if (!passed || passed === "default") return null;
    return thresholdSource(facts, { ...passed, frame: passed.frame ?? frames.of(passed.scope) }, depth + 1);
  });
  const [first] = sources;
  if (!first || sources.length === 1) return first ?? null;
  const isSame = (source: ThresholdSource | null) =>
    source && "literal" in source && "literal" in first && source.literal === first.literal;
  return sources.every(isSame) ? first : null;
}

/** It was made with such a field, or with some that aren't named. */
const isGiven = (value: Value, field: string) =>
  value.kind === "instance" &&
  value.call?.arguments.some(({ keyword }) => keyword === null || keyword === field) === true;

/** `OmegaConf.merge(OmegaConf.structured(Config), more)`: what can't be seen wins over the class. */
function isOverridden({ values }: Program, owner: Value): boolean {
  if (owner.kind !== "external" || owner.name !== "omegaconf.OmegaConf.merge()") return false;
  const given = owner.call?.arguments.map(({ value }) => values.evaluate(value, owner.frame, owner.scope)) ?? [];
  const last = given.findLast((each) => !isCommandLine(each)) ?? [];
  return !last.every(
    (value) =>
      /^(class|instance)$/.test(value.kind) || (value.kind === "external" && /\.structured\(\)$/.test(value.name)),
  );
}

type Field = { readonly name: string; readonly info: ClassInfo; readonly binding: Binding & { kind: "value" } };

/** By name. */
const fieldsIn: Index<Field> = once(({ classes }: Names) => {
  const found = new Map<string, Field[]>();
  for (const field of classes.flatMap(fieldsOf)) {
    const { name } = field;
    const known = found.get(name);
    if (known) known.push(field);
    else found.set(name, [field]);
  }
  return found;
});

const fieldsOf = once((info: ClassInfo): readonly Field[] =>
  [...info.scope.variables.values()].flatMap(({ name, bindings }) =>
    bindings.flatMap((binding) => (binding.kind === "value" ? [{ name, info, binding }] : [])),
  ),
);

/** `field(default=1.0, metadata=…)` says its default by a keyword, pydantic's `Field(1.0, gt=0)` and `attr.ib(1.0)` by its place. */
const fieldDefault = (node: Expression) =>
  (node.kind === "call" &&
    argumentOf(node, /^(Field|ib|attrib)$/.test(lastPart(node.callee)) ? 0 : null, "default")?.value) ||
  node;

function why(values: readonly Value[]): string {
  for (const value of values)
    if (value.kind === "external" && value.name !== "") return `comes from \`${value.name.replace(/\(\)$/, "")}\``;
  if (values.some((value) => value.kind === "literal")) return "is computed";
  return "comes from outside this file";
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** `path`: of the module that the line is in; null for the text itself. */
export function isOn(node: Expression, path: string | null, line: number): boolean {
  const { source } = node.anchor;
  if (source.path !== path) return false;
  const { start, end } = rangeOf(node);
  return lineOf(source.text, start - source.base) - 1 <= line && line <= lineOf(source.text, end - source.base) - 1;
}

export function lineOfNode(_: Facts, node: Expression): number {
  const { text, base } = node.anchor.source;
  return lineOf(text, rangeOf(node).start - base);
}

/** "line 12", "line 12 of `config.py`"; in a notebook "line 3 of cell 2". */
export function whereIs(facts: Facts, node: Expression): string {
  const { path } = node.anchor.source;
  const line = lineOfNode(facts, node);
  return path === null ? facts.lineName(line) : `line ${line} of \`${path.slice(path.search(/[^/\\]*$/))}\``;
}
