/** The options of the command line that a file and its modules declare, by argparse, absl's flags, click, typer and fire. */
import { type Call, type Expression, type Parameter, rangeOf } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Program } from "../facts.ts";
import { type Index, listed } from "../names/reads.ts";
import type { CallSite, FunctionInfo, Names, Scope } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Value } from "../values/value.ts";

export interface Option {
  /** The call that declares it, or the parameter. */
  readonly place: Call | Parameter;
  readonly scope: Scope;
  /** As it is typed: `--max-norm`. */
  readonly flag: string;
  /** The attribute of what was parsed, or the parameter. */
  readonly destination: string;
  readonly fallback: Expression | null;
  readonly help: string;
  /** The function that is called with it; null for an attribute of what was parsed. */
  readonly command: FunctionInfo | null;
  /** What was parsed can be read from any module. */
  readonly isGlobal: boolean;
}

const FLAGS = "(absl\\.flags|gflags|tensorflow\\.(app\\.)?flags)";
const DEFINES_FLAG = new RegExp(`^${FLAGS}\\.DEFINE_\\w+$`);
const CLICK = /^(rich_)?click\.(\w+\.)?(option|argument)$/;
const TYPER_COMMAND = /^typer\.Typer\(\)\.(command|callback)$/;
const RUNS_COMMAND = /^(typer\.run|fire\.Fire)$/;
const TYPER_DEFAULT = /^typer\.(Option|Argument)\(\)$/;
const PARSED = new RegExp(`parse_(known_)?args\\(\\)(\\.\\w+|\\[0\\])?$|^${FLAGS}\\.FLAGS\\.\\w+$`);

/** Among what an expression may be is (an attribute of) what was parsed from the command line. */
export const isParsed = (values: readonly Value[]) =>
  values.some((value) => value.kind === "external" && PARSED.test(value.name));

/** Those of this file alone. */
export const optionsOf = (facts: Program): readonly Option[] => optionsIn(facts, facts.names);

const declaredIn = once((_: Program) => new Map<Names, readonly Option[]>());

function optionsIn(facts: Program, names: Names): readonly Option[] {
  const known = declaredIn(facts);
  let options = known.get(names);
  if (!options) {
    const commands = commandsIn(facts, names);
    options = [
      ...(names.calls.get("add_argument") ?? []).map(argument),
      ...flags(facts, names),
      ...names.functions
        .filter((info) => decoratorsOf(info).length > 0 || commands.has(info))
        .flatMap((info) => [...decorated(facts, info), ...parameters(facts, info, commands)]),
    ];
    known.set(names, options);
  }
  return options;
}

const argument = once(({ call, scope }: CallSite): Option => {
  const names = stringsOf(call);
  const flag = names.find((name) => name.startsWith("--")) ?? names[0] ?? "";
  const destination = stringAt(call, "dest") ?? attributeOf(flag);
  return { ...declared(call, scope), flag, destination, command: null, isGlobal: false };
});

/** By what they fill. */
const argumentsIn: Index<CallSite> = once(({ calls }: Names) => {
  const found = new Map<string, CallSite[]>();
  for (const site of calls.get("add_argument") ?? []) {
    const { destination } = argument(site);
    const others = found.get(destination);
    if (others) others.push(site);
    else found.set(destination, [site]);
  }
  return found;
});

/** `flags.DEFINE_float("clip", 1.0, "…")`, read as `FLAGS.clip`. */
function flags(facts: Program, names: Names): Option[] {
  const defining = listed(names, definingIn, "").filter(({ call, scope }) => isDefining(facts, call, scope));
  return defining.map(({ call, scope }): Option => {
    const [destination = ""] = stringsOf(call);
    const flag = `--${destination}`;
    const fallback = argumentOf(call, 1, "default")?.value ?? null;
    return { ...declared(call, scope), flag, destination, fallback, command: null, isGlobal: true };
  });
}

const definingIn: Index<CallSite> = once(({ calls }: Names) => {
  const names = [...calls.keys()].filter((name) => name.startsWith("DEFINE_"));
  return new Map([["", names.flatMap((name) => calls.get(name) ?? [])]]);
});

const isDefining = (facts: Program, call: Call, scope: Scope) =>
  namesOf(facts, call.callee, scope).some((name) => DEFINES_FLAG.test(name));

/** `@click.option("--clip", default=1.0)`. */
function decorated(facts: Program, info: FunctionInfo): Option[] {
  const scope = info.scope.parent ?? info.scope;
  return decoratorsOf(info).flatMap((call): Option[] => {
    if (!namesOf(facts, call.callee, scope).some((name) => CLICK.test(name))) return [];
    const names = stringsOf(call).flatMap((name) => name.split("/", 1));
    const flag = names.find((name) => name.startsWith("--")) ?? names[0] ?? "";
    const destination = names.find((name) => !name.startsWith("-")) ?? attributeOf(flag).toLowerCase();
    return [{ ...declared(call, scope), flag, destination, command: info, isGlobal: false }];
  });
}

/** Of functions that typer and fire call with what stands on the command line. */
function parameters(facts: Program, info: FunctionInfo, commands: ReadonlySet<FunctionInfo>): Option[] {
  const scope = info.scope.parent ?? info.scope;
  const isCommand =
    decoratorsOf(info).some((call) => namesOf(facts, call.callee, scope).some((name) => TYPER_COMMAND.test(name))) ||
    commands.has(info);
  return (isCommand ? info.node.parameters : []).flatMap((parameter): Option[] => {
    const { name, fallback } = parameter;
    const [value] = fallback ? facts.values.evaluate(fallback, facts.values.frames.of(scope), scope) : [];
    const object = value?.kind === "external" && TYPER_DEFAULT.test(value.name) ? value.call : null;
    const given = object ? (argumentOf(object, 0, "default")?.value ?? null) : fallback;
    if (!fallback || !given) return [];
    const help = (object && stringAt(object, "help")) ?? "";
    const flag = `--${name.replaceAll("_", "-")}`;
    return [
      { place: parameter, scope, flag, destination: name, fallback: given, help, command: info, isGlobal: false },
    ];
  });
}

function commandsIn(facts: Program, names: Names): ReadonlySet<FunctionInfo> {
  const sites = ["run", "Fire"].flatMap((name) => names.calls.get(name) ?? []);
  const run = sites.flatMap(({ call, scope }) => {
    const given = call.arguments[0]?.value;
    if (!given || !namesOf(facts, call.callee, scope).some((name) => RUNS_COMMAND.test(name))) return [];
    return facts.values.evaluate(given, facts.values.frames.of(scope), scope);
  });
  return new Set(run.flatMap((value) => (value.kind === "function" ? [value.info] : [])));
}

const decoratorsOf = once(({ node }: FunctionInfo): readonly Call[] =>
  node.kind === "function" ? node.decorators.filter((decorator) => decorator.kind === "call") : [],
);

const namesOf = (facts: Program, node: Expression, scope: Scope): string[] =>
  facts.values
    .evaluate(node, facts.values.frames.of(scope), scope)
    .flatMap((value) => (value.kind === "external" ? [value.name] : []));

const declared = (call: Call, scope: Scope) => ({
  place: call,
  scope,
  fallback: argumentOf(call, null, "default")?.value ?? null,
  help: stringAt(call, "help") ?? "",
});

const stringsOf = (call: Call) =>
  call.arguments.flatMap(({ keyword, value }) => (keyword === null && value.kind === "string" ? [value.value] : []));

function stringAt(call: Call, keyword: string): string | null {
  const value = argumentOf(call, null, keyword)?.value;
  return value?.kind === "string" ? value.value : null;
}

const attributeOf = (flag: string) => flag.replace(/^-+/, "").replaceAll("-", "_");

/** The one option that fills an attribute, of this file or else of the modules that it imports, unless something else there may. */
export function optionFor(facts: Program, destination: string): Option | null {
  const fills = (names: Names) => [
    ...listed(names, argumentsIn, destination).map(argument),
    ...flags(facts, names).filter((flag) => flag.destination === destination),
  ];
  const around = facts.values.imports.around();
  const here = fills(facts.names);
  const [option, another] = here.length > 0 ? here : around.flatMap(fills);
  const reflagged = option?.isGlobal && around.some(({ calls }) => calls.has("set_default"));
  if (!option || another || reflagged) return null;
  const told = around.flatMap(({ calls }) => calls.get("set_defaults") ?? []);
  const changes = told.filter(({ call }) => call.arguments.some((a) => a.stars !== 0 || a.keyword === destination));
  return changes.length === 0 ? option : toldAgain(option, destination, changes);
}

/**
 * `parser.set_defaults(clip=1.0)`, which the default of an option that the same parser has already gives way to. Null where that
 * is not all that is plain: on another parser, a group's option, before it, or with what can't be seen.
 */
function toldAgain(option: Option, destination: string, [only, another]: readonly CallSite[]): Option | null {
  const { place, scope } = option;
  const value = only && argumentOf(only.call, null, destination);
  if (!value || another || only.call.arguments.some(({ stars }) => stars !== 0) || only.scope !== scope) return null;
  const declaring = "callee" in place ? place.callee : null;
  const isAfter = place.anchor.source === only.call.anchor.source && rangeOf(place).end <= rangeOf(only.call).start;
  const isSame = declaring && parserOf(declaring, scope) === parserOf(only.call.callee, scope);
  return isAfter && isSame ? { ...option, fallback: value.value } : null;
}

/** The one object that a name holds; another object for each that isn't plain. */
function parserOf(callee: Expression, scope: Scope): object {
  const object = callee.kind === "attribute" ? callee.object : null;
  const variable = object?.kind === "name" ? scope.lookup(object.id) : null;
  return variable?.bindings.length === 1 ? variable : {};
}

/** The option that fills a parameter of a function. */
export function optionOfParameter(facts: Program, info: FunctionInfo, name: string): Option | null {
  const commands = commandsIn(facts, facts.values.imports.namesIn(info.scope));
  const options = [...decorated(facts, info), ...parameters(facts, info, commands)];
  return options.find(({ destination }) => destination === name) ?? null;
}

/** `kwargs["clip"]` in a function that the command line calls with `**kwargs`. */
export function optionOfKeywords(facts: Program, { object, index }: Expression & { kind: "subscript" }, scope: Scope) {
  const [only, another] = (object.kind === "name" && scope.lookup(object.id)?.bindings) || [];
  if (index?.kind !== "string" || only?.kind !== "parameter" || another || only.parameter.stars !== 2) return null;
  const isFilled = facts.values.imports.namesIn(scope).calls.get("update")?.some(isOn(only.parameter.name));
  if (isFilled || scope.lookup(only.parameter.name)?.contents.length) return null;
  return only.scope.info && optionOfParameter(facts, only.scope.info, index.value);
}

const isOn =
  (name: string) =>
  ({ call: { callee } }: CallSite) =>
    callee.kind === "attribute" && callee.object.kind === "name" && callee.object.id === name;

/** The option that a call declared: `CLIP.value` of `CLIP = flags.DEFINE_float(…)`. */
export function optionOfCall(facts: Program, { name, call, scope }: Value & { kind: "external" }): Option | null {
  const declared = call && name.endsWith("().value") ? optionsIn(facts, facts.values.imports.namesIn(scope)) : [];
  const option = declared.find(({ place }) => place === call);
  return option ? optionFor(facts, option.destination) : null;
}
