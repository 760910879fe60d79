/** What kind of network an update trains, where all that it is built of can be seen; else what the file as a whole gives away. */
import type { Call, Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { architectureOf, isFromImport, type Part } from "../architecture.ts";
import type { Evidence, Seen, UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { CallSite, ClassInfo, FunctionInfo, Names, Scope } from "../names/scope.ts";
import { once } from "../once.ts";
import { type External, isClassOf, stripCall, type Value } from "../values/value.ts";
import { sourcesOfOptimizer } from "./parameter-sources.ts";

/** More than any model that is written out; a larger one is judged by its file. */
const MOST_PARTS = 2000;

/** Known by the layers of a network; the others by what is around it: the environment, the loss, the sampling. */
const BY_LAYERS: ReadonlySet<Evidence["architecture"]> = new Set([
  "vision-transformer",
  "transformer",
  "recurrent",
  "language-model",
]);

/** Libraries whose functions and classes, layers aside, hold no parameters. */
const WITHOUT_PARAMETERS = /^(builtins|math|collections|functools|typing|numpy|torch|tensorflow|keras|jax)\b/;

/** In a file of several models, as a notebook is, none of them has the layers of another. */
export function evidenceOf(facts: Facts, { step }: UpdateSite): Evidence {
  const { evidence } = facts;
  if (!BY_LAYERS.has(evidence.architecture)) return evidence;
  const parts = new Parts(facts).of(modelsOf(facts, step));
  if (!parts) return evidence;
  const found = architectureOf(parts, facts.frameworks);
  const isSame = found.architecture === evidence.architecture;
  return isSame || (found.architecture === "recurrent" && evidence.architecture === "language-model")
    ? evidence
    : found;
}

/** `model` of `model.compile(…)`, or what the optimizer was given the parameters of. */
function modelsOf(facts: Facts, { node, frame, scope, managed, optimizer }: UpdateSite["step"]): readonly Seen[] {
  if (!managed) return sourcesOfOptimizer(facts, optimizer) ?? [];
  return node.kind === "call" && node.callee.kind === "attribute" ? [{ node: node.callee.object, frame, scope }] : [];
}

/** What models are built of. Its methods return false where there may be more than can be seen. */
class Parts {
  readonly #facts: Facts;
  readonly #found: Part[] = [];
  readonly #visited = new Set<object>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Null where there may be more than can be seen. */
  of(models: readonly Seen[]): readonly Part[] | null {
    return models.every((model) => this.#within(model)) && this.#found.length > 0 ? this.#found : null;
  }

  #within({ node, frame, scope }: Seen): boolean {
    const within = (next: Expression) => this.#within({ node: next, frame, scope });
    if (node.kind === "sequence") return node.elements.every(within);
    if (node.kind === "starred") return within(node.value);
    if (node.kind === "conditional") return within(node.body) && within(node.otherwise);
    if (node.kind === "binary") return within(node.left) && within(node.right);
    return this.#facts.values.evaluate(node, frame, scope).every((value) => this.#value(value));
  }

  #value(value: Value): boolean {
    if (value.kind === "external") return this.#external(value);
    if (value.kind === "instance" || value.kind === "class") return this.#class(value.info);
    if (value.kind === "elements") return value.any.every((item) => this.#within(item));
    return value.kind !== "unknown";
  }

  #isVisited(part: object): boolean {
    if (this.#visited.has(part)) return true;
    this.#visited.add(part);
    return false;
  }

  get #isTooLarge(): boolean {
    return this.#visited.size > MOST_PARTS;
  }

  #external({ name, call, frame, scope }: External): boolean {
    if (call && this.#isVisited(call)) return true;
    if (this.#isTooLarge) return false;
    const built = stripCall(name);
    const holds = this.#holds(built);
    if (!holds && !this.#isLayer(built)) return false;
    if (!call) return true;
    this.#found.push({ name: built, node: call.callee });
    const isApplied = name.endsWith(")()");
    for (const { value } of call.arguments) {
      const isSeen = this.#within({ node: value, frame, scope });
      // `Bidirectional(LSTM(64))`; a number of units that can't be told hides no layer.
      if (!isSeen && (holds || isApplied)) return false;
    }
    // `LSTM(64)(x)`
    if (isApplied && !this.#within({ node: call.callee, frame, scope })) return false;
    return !holds || this.#added(call);
  }

  /** `model.add(LSTM(64))`; a model that was given nothing at all is filled in a way that can't be seen. */
  #added(container: Call): boolean {
    const { values, names } = this.#facts;
    let isEmpty = container.arguments.length === 0;
    for (const { call, scope } of names.calls.get("add") ?? []) {
      if (call.callee.kind !== "attribute") continue;
      const frame = values.frames.of(scope);
      const on = values.evaluate(call.callee.object, frame, scope);
      if (!on.some((value) => value.kind === "external" && value.call === container)) continue;
      isEmpty = false;
      if (!call.arguments.every(({ value }) => this.#within({ node: value, frame, scope }))) return false;
    }
    return !isEmpty;
  }

  /** What its methods build or call. */
  #class(info: ClassInfo): boolean {
    if (this.#isVisited(info)) return true;
    if (this.#isTooLarge) return false;
    const { values } = this.#facts;
    this.#found.push({ name: info.node.name, node: info.node });
    const bases = info.node.bases.flatMap((base) => values.evaluate(base.value, values.frames.around(info.scope)));
    return (
      bases.every((value) =>
        value.kind === "external" ? this.#holds(value.name) || this.#isLayer(value.name) : this.#value(value),
      ) && [...info.methods.values()].every((method) => this.#function(method))
    );
  }

  #function(info: FunctionInfo): boolean {
    if (this.#isVisited(info)) return true;
    if (this.#isTooLarge) return false;
    if (info.node.kind !== "lambda") this.#found.push({ name: info.name, node: info.node });
    return (callsWithin(this.#facts.names).get(info.scope) ?? []).every((site) => this.#called(site));
  }

  #called({ call, scope }: CallSite): boolean {
    const { callee } = call;
    // Called by way of what another call or a container gives: that one is looked at itself.
    if (callee.kind !== "name" && callee.kind !== "attribute") return true;
    const mayBuild = callee.kind === "name" || /^[A-Z]/.test(lastPart(callee));
    if (!mayBuild && !isFromImport(callee, scope)) return true;
    const { values } = this.#facts;
    return values.evaluate(callee, values.frames.of(scope), scope).every((value) => {
      if (value.kind === "function") return this.#function(value.info);
      if (value.kind === "class") return this.#class(value.info);
      if (value.kind !== "external" || /^builtins\.(getattr|eval)$/.test(value.name)) return false;
      if (!this.#isLayer(value.name)) return WITHOUT_PARAMETERS.test(value.name);
      this.#found.push({ name: value.name, node: callee });
      return true;
    });
  }

  #holds(name: string): boolean {
    return this.#facts.frameworks.some(({ networks }) => networks?.test(name));
  }

  /** A model of a library is known by its name alone: what it has inside can't be seen. */
  #isLayer(name: string): boolean {
    const { frameworks } = this.#facts;
    if (architectureOf([{ name, node: null }], frameworks).architecture) return true;
    const layers = frameworks
      .flatMap((framework) => framework.layers ?? [])
      .filter((prefix) => !/models\./.test(prefix));
    return layers.some((prefix) => isClassOf(prefix, name));
  }
}

/** In a function, and in those inside it. */
const callsWithin = once(({ calls }: Names) => {
  const within = new Map<Scope, CallSite[]>();
  for (const sites of calls.values())
    for (const site of sites)
      for (let scope: Scope | null = site.scope; scope; scope = scope.parent) {
        const known = within.get(scope);
        if (known) known.push(site);
        else within.set(scope, [site]);
      }
  return within;
});
