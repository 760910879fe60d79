/** What `self.hparams.clip` is in a Lightning module whose `__init__` says `self.save_hyperparameters()`: an argument of its own. */
import type { Call, Expression } from "../../syntax/ast.ts";
import type { Seen } from "../events/events.ts";
import type { Program } from "../facts.ts";
import type { CallSite, FunctionInfo } from "../names/scope.ts";

/** Where the number is given to the constructor, as that names it; null where it can't be told. */
export function savedHyperparameter(facts: Program, { node, scope }: Seen): Seen | null {
  const { object, name } = read(node);
  if (name === null || object?.kind !== "attribute" || object.name !== "hparams") return null;
  const isSelf = object.object.kind === "name" && object.object.id === scope.home.self;
  const owner = isSelf ? scope.home.info?.owner : null;
  const init = owner?.methods.get("__init__");
  // `self.hparams.clip = …`, `self.hparams.update(…)`.
  const own = owner?.attributes.get("hparams");
  if (!init || own?.bindings.length || own?.contents.length || own?.attributes.get(name)?.bindings.length) return null;
  const [saves, another] = savesIn(facts, init);
  return saves && !another ? saved(facts, saves.call, init, name) : null;
}

function read(node: Expression): { object: Expression | null; name: string | null } {
  if (node.kind === "attribute") return { object: node.object, name: node.name };
  const key = node.kind === "subscript" && node.index?.kind === "string" ? node.index.value : null;
  return { object: node.kind === "subscript" ? node.object : null, name: key };
}

const savesIn = ({ values }: Program, { scope }: FunctionInfo): CallSite[] =>
  (values.imports.namesIn(scope).calls.get("save_hyperparameters") ?? []).filter(
    ({ call: { callee }, scope: around }) =>
      around.home === scope && callee.kind === "attribute" && callee.object.kind === "name",
  );

/** `save_hyperparameters()` takes all arguments, `("lr", "clip")` those, and `(args)` what `args` holds. */
function saved(facts: Program, call: Call, { scope }: FunctionInfo, name: string): Seen | null {
  const given = call.arguments.filter(({ keyword }) => keyword === null);
  const keywords = call.arguments.flatMap(({ keyword }) => keyword ?? []);
  if (given.some(({ stars }) => stars !== 0) || keywords.some((keyword) => keyword !== "logger")) return null;
  const frame = facts.values.frames.of(scope);
  const names = given.map(({ value }) => (value.kind === "string" ? value.value : null));
  const [first] = given;
  if (first && given.length === 1 && names[0] === null)
    return { node: { ...first.value, kind: "attribute", object: first.value, name }, frame, scope };
  if (names.includes(null) || (names.length > 0 && !names.includes(name))) return null;
  const parameter = scope.own(name)?.bindings[0];
  if (parameter?.kind !== "parameter" || parameter.parameter.stars !== 0) return null;
  return { node: { ...call, kind: "name", id: name }, frame, scope };
}
