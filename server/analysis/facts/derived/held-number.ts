/** A threshold that an object holds which was made, filled or copied in sight: a dictionary with attributes, a `CfgNode`, W&B's configuration. */
import type { Call, Expression } from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import type { Seen } from "../events/events.ts";
import type { Program } from "../facts.ts";
import type { Binding, Variable } from "../names/scope.ts";
import { stripCall, type Value } from "../values/value.ts";
import { isParsed, optionOfKeywords } from "./command-line.ts";

/** Assignments, calls and keys on the way from the threshold to the number. */
const MAX_STEPS = 16;

/** Hold what they are given: each by its keyword, or all in one. */
const HOLDS =
  /^(builtins\.dict|types\.SimpleNamespace|argparse\.Namespace|(ml_collections\.)?(config_dict\.)?ConfigDict|easydict\.EasyDict|addict\.Dict|box\.Box|munch\.Munch|munch\.munchify|omegaconf\.OmegaConf\.create|yacs\.config\.CfgNode|fvcore\.common\.config\.CfgNode|tensorflow\.contrib\.training\.HParams)$/;
/** Give a copy of it. */
const COPIES = /^(copy\.(deep)?copy|yacs\.config\.CfgNode\(\)\.clone|fvcore\.common\.config\.CfgNode\(\)\.clone)$/;
/** Methods that fill such an object out of sight. */
const FILLS = ["update", "setdefault", "setdefaults"];
/** Methods by which a user's own file or arguments win over what it holds. */
const OVERRIDES = ["merge_from_file", "merge_from_list", "merge_from_other_cfg", "from_cli", "from_dotlist"];
const COMMAND_LINE = /^omegaconf\.OmegaConf\.(from_cli|from_dotlist)\(\)$/;

export interface Held extends Seen {
  /** Something that the user gives elsewhere would win over it. */
  readonly isDefault: boolean;
}

/** Where the number is given to the object that an expression reads it from. */
export function heldNumber(facts: Program, seen: Seen): Held | null {
  const { node } = seen;
  if (node.kind !== "attribute" && node.kind !== "subscript") return null;
  const found = follow(facts, seen, [], 0);
  if (!found) return null;
  const overrides = OVERRIDES.some((name) => facts.names.calls.has(name));
  return { ...found, isDefault: overrides || isTracked(facts, seen) };
}

/** W&B's: a sweep chooses other values. */
const isTracked = (facts: Program, { node, frame, scope }: Seen): boolean =>
  facts.values
    .evaluate(node, frame, scope)
    .some((value) => value.kind === "external" && /^wandb\.(init\(\)\.)?config\b/.test(value.name));

function follow(facts: Program, seen: Seen, keys: readonly string[], steps: number): Seen | null {
  const { node, frame, scope } = seen;
  if (steps > MAX_STEPS) return null;
  const to = (next: Expression, under: readonly string[]) => follow(facts, { ...seen, node: next }, under, steps + 1);
  switch (node.kind) {
    case "subscript":
      return node.index?.kind === "string" ? to(node.object, [node.index.value, ...keys]) : null;
    case "call":
      return ofCall(facts, node, seen, keys, steps);
    case "dict": {
      const entries = node.entries.filter(({ key }) => key?.kind === "string" && key.value === keys[0]);
      const [only, another] = entries;
      const isWhole = node.entries.every(({ key }) => key?.kind === "string");
      return only && !another && isWhole ? to(only.value, keys.slice(1)) : null;
    }
    case "attribute":
    case "name":
      break;
    default:
      return keys.length === 0 && steps > 0 ? seen : null;
  }
  const variable =
    node.kind === "name" ? scope.lookup(node.id) : facts.values.variables.of(node, frame, scope)?.variable;
  const option = ofParsed(facts, seen, keys);
  if (option) return option;
  const written = variable && writtenAt(variable, keys);
  if (written === "unclear" || (variable && isFilled(facts, variable))) return null;
  if (written) return at(facts, seen, written, steps);
  const [only, another] = variable?.bindings ?? [];
  if (another || variable?.contents.length) return null;
  if (only?.kind === "value" || only?.kind === "context") {
    // A field's default: what the object was made with may win.
    if (only.path.length > 0 || only.scope.kind === "class") return null;
    const within = facts.values.frames.for(only.scope, frame);
    return follow(facts, { node: only.value, frame: within, scope: only.scope }, keys, steps + 1);
  }
  if (only?.kind === "parameter" && only.parameter.stars === 2) return ofKeywords(facts, seen, keys);
  if (only?.kind === "parameter") return ofParameter(facts, only, seen, keys, steps);
  const config = ofTracker(facts, seen);
  if (config) return follow(facts, config, keys, steps + 1);
  return node.kind === "attribute" ? to(node.object, [node.name, ...keys]) : null;
}

/** `config=args`: an option of the command line. */
function ofParsed({ values }: Program, seen: Seen, [name, another]: readonly string[]): Seen | null {
  const { node, frame, scope } = seen;
  if (name === undefined || another !== undefined || !isParsed(values.evaluate(node, frame, scope))) return null;
  return { ...seen, node: { ...node, kind: "attribute", object: node, name } };
}

/** `SimpleNamespace(**kwargs).clip` in a function that the command line calls. */
function ofKeywords(facts: Program, seen: Seen, [key, another]: readonly string[]): Seen | null {
  if (key === undefined || another !== undefined) return null;
  const { node } = seen;
  const entry = {
    ...node,
    kind: "subscript" as const,
    object: node,
    index: { ...node, kind: "string" as const, value: key },
  };
  return optionOfKeywords(facts, entry, seen.scope) ? { ...seen, node: entry } : null;
}

/** What the one call of the function passes. */
function ofParameter(
  facts: Program,
  binding: Binding & { kind: "parameter" },
  { frame }: Seen,
  keys: readonly string[],
  steps: number,
): Seen | null {
  const { frames, callers } = facts.values;
  const within = frames.for(binding.scope, frame);
  const calls = within.call ? [within.call.call] : callers.of(binding.scope).map(({ call }) => call);
  const [call, another] = calls;
  const passed = call && !another ? callers.argumentFor(binding, call, within) : null;
  if (!passed || passed === "default") return null;
  return follow(facts, { ...passed, frame: passed.frame ?? frames.of(passed.scope) }, keys, steps + 1);
}

/** `_C.SOLVER.CLIP = 1.0`, once; "unclear" where it is written several times, or something on the way is. */
function writtenAt(variable: Variable, keys: readonly string[]): Binding | "unclear" | null {
  let found: Variable | undefined = variable;
  for (const key of keys) {
    found = found.attributes.get(key);
    if (!found) return null;
    if (found.bindings.length > 1 || found.contents.length > 0) return "unclear";
  }
  return keys.length > 0 ? (found.bindings[0] ?? null) : null;
}

function at(facts: Program, { frame }: Seen, binding: Binding, steps: number): Seen | null {
  if (binding.kind !== "value" || binding.path.length > 0) return null;
  const within = facts.values.frames.for(binding.scope, frame);
  return follow(facts, { node: binding.value, frame: within, scope: binding.scope }, [], steps + 1);
}

/** `cfg.update(clip=2.0)` */
const isFilled = (facts: Program, variable: Variable): boolean =>
  FILLS.some((name) =>
    facts.names.calls.get(name)?.some(({ call: { callee }, scope }) => {
      const object = callee.kind === "attribute" ? callee.object : null;
      return object?.kind === "name" && scope.lookup(object.id) === variable;
    }),
  );

function ofCall(facts: Program, call: Call, seen: Seen, keys: readonly string[], steps: number): Seen | null {
  const { values } = facts;
  const { frame, scope } = seen;
  const to = (node: Expression, under = keys) => follow(facts, { ...seen, node }, under, steps + 1);
  const [made, another] = values.evaluate(call.callee, frame, scope);
  if (another || !made || keys.length === 0) return null;
  if (made.kind === "function") return ofReturn(facts, made, call, seen, keys, steps);
  if (made.kind !== "external") return null;
  const [first, more] = call.arguments;
  if (COPIES.test(made.name)) {
    const copied = lastPart(call.callee) === "clone" && call.callee.kind === "attribute" ? call.callee.object : null;
    return copied ? to(copied) : first?.stars === 0 && !more ? to(first.value) : null;
  }
  if (made.name === "builtins.vars") return first?.stars === 0 ? to(first.value) : null;
  if (made.name === "wandb.init" && keys[0] === "config") {
    const config = argumentOf(call, null, "config");
    return config ? to(config.value, keys.slice(1)) : null;
  }
  if (made.name === "collections.namedtuple()") return ofTuple(facts, made, call, seen, keys, steps);
  if (made.name === "omegaconf.OmegaConf.merge") return ofMerge(facts, call, seen, keys, steps);
  if (!HOLDS.test(made.name)) return null;
  if (first?.stars === 2 && !more) return to(first.value);
  if (call.arguments.some(({ stars }) => stars !== 0)) return null;
  const given = argumentOf(call, null, keys[0] ?? "");
  if (given) return to(given.value, keys.slice(1));
  return first?.keyword === null && !more ? to(first.value) : null;
}

/** `namedtuple("Config", "lr clip", defaults=(0.1, 1.0))(clip=2.0)`: what it is given, or else its default, told from the last field on. */
function ofTuple(
  facts: Program,
  { call: made, frame, scope }: Value & { kind: "external" },
  call: Call,
  seen: Seen,
  keys: readonly string[],
  steps: number,
): Seen | null {
  const named = made && argumentOf(made, 1, "field_names")?.value;
  const fields =
    named?.kind === "string"
      ? named.value.split(/[\s,]+/).filter(Boolean)
      : named?.kind === "sequence"
        ? named.elements.map((element) => (element.kind === "string" ? element.value : ""))
        : [];
  const index = fields.indexOf(keys[0] ?? "");
  if (!made || index === -1 || fields.includes("") || call.arguments.some(({ stars }) => stars !== 0)) return null;
  const given = argumentOf(call, index, keys[0] ?? null);
  if (given) return follow(facts, { ...seen, node: given.value }, keys.slice(1), steps + 1);
  const defaults = argumentOf(made, null, "defaults")?.value;
  if (defaults?.kind !== "sequence" || defaults.elements.some(({ kind }) => kind === "starred")) return null;
  const fallback = defaults.elements[index - fields.length + defaults.elements.length];
  return fallback ? follow(facts, { node: fallback, frame, scope }, keys.slice(1), steps + 1) : null;
}

/** `OmegaConf.merge(base, own, OmegaConf.from_cli())`: the last that holds it, but for the command line. */
function ofMerge(
  facts: Program,
  { arguments: given }: Call,
  seen: Seen,
  keys: readonly string[],
  steps: number,
): Seen | null {
  for (const { stars, value } of [...given].reverse()) {
    if (stars !== 0) return null;
    const values = facts.values.evaluate(value, seen.frame, seen.scope);
    if (isCommandLine(values)) continue;
    const found = follow(facts, { ...seen, node: value }, keys, steps + 1);
    if (found || !isWithout(facts, values, keys[0] ?? "")) return found;
  }
  return null;
}

/** `OmegaConf.from_cli()` */
export const isCommandLine = (values: readonly Value[]) =>
  values.length > 0 && values.every((value) => value.kind === "external" && COMMAND_LINE.test(value.name));

/** `OmegaConf.create({"lr": 0.1})`, of which all keys are written and none is this one. */
function isWithout({ values }: Program, [made]: readonly Value[], key: string): boolean {
  const given = made?.kind === "external" && HOLDS.test(stripCall(made.name)) ? made.call?.arguments : undefined;
  if (made?.kind !== "external" || given?.length !== 1 || given[0]?.stars !== 0 || given[0].keyword !== null)
    return false;
  const [held, another] = values.evaluate(given[0].value, made.frame, made.scope);
  if (held?.kind !== "elements" || another || held.node?.kind !== "dict" || !held.keys) return false;
  return !held.keys.includes(null) && !held.keys.includes(key);
}

/** What a function of the script makes and returns: `get_config()`. */
function ofReturn(
  facts: Program,
  made: Value & { kind: "function" },
  call: Call,
  { frame, scope }: Seen,
  keys: readonly string[],
  steps: number,
): Seen | null {
  const [returned, another] = made.info.returns;
  if (!returned || another) return null;
  const inner = facts.values.frames.enter(made, { call, frame, scope });
  return follow(facts, { node: returned, frame: inner, scope: made.info.scope }, keys, steps + 1);
}

/** `wandb.config` is what the one call of `wandb.init` was given, where nothing else is put into it. */
function ofTracker(facts: Program, { node, frame, scope }: Seen): Seen | null {
  const { values, names } = facts;
  const [value, another] = values.evaluate(node, frame, scope);
  if (another || value?.kind !== "external" || value.name !== "wandb.config") return null;
  const inits = (names.calls.get("init") ?? []).filter(({ call, scope: around }) =>
    values
      .evaluate(call.callee, values.frames.of(around), around)
      .some((called) => called.kind === "external" && called.name === "wandb.init"),
  );
  const [init, more] = inits;
  const config = init && !more ? argumentOf(init.call, null, "config") : null;
  if (!init || config?.stars !== 0 || FILLS.some((name) => names.calls.get(name)?.some(isOfConfig))) return null;
  return { node: config.value, frame: values.frames.of(init.scope), scope: init.scope };
}

const isOfConfig = ({ call: { callee } }: { readonly call: Call }) =>
  callee.kind === "attribute" && lastPart(callee.object) === "config";
