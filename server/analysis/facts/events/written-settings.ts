/** Configurations whose entries are written one by one, as attributes: what they come to say about clipping. */
import type { ClipKind, WrittenSettings as Entries } from "../../frameworks/framework.ts";
import type { Call, Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Binding, CallSite, Scope, Variable } from "../names/scope.ts";
import type { External, Frame, Located } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { Said } from "./clip-settings.ts";
import type { ConfiguredClip } from "./events.ts";

const MAX_DEPTH = 4;

export class WrittenSettings {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  /** `located` is what the trainer is given, `made` the call that makes the configuration. */
  of(entries: Entries, located: Located, made: External): Said {
    const { call } = made;
    const held = call && this.#values.imports.isHere(made.scope) ? this.#holders(located, call, 0) : null;
    if (!call || !held || !this.#pass(held, entries)) return "hidden";
    return this.#said(entries, held, { node: call, frame: made.frame, scope: made.scope });
  }

  /** The variables that the configuration goes through on its way to here; null where another thing may be what comes. */
  #holders({ node, frame, scope }: Located, made: Call, depth: number): Set<Variable> | null {
    if (node === made) return new Set();
    if (node.kind === "call") return this.#returned(node, frame, scope, made, depth);
    const place = depth < MAX_DEPTH ? this.#values.variables.of(node, frame, scope) : null;
    const own = node.kind === "name" ? scope.lookup(node.id) : null;
    const [only, another] = place?.variable.bindings ?? [];
    if (!place || only?.kind !== "value" || another || only.path.length > 0) return null;
    const at = this.#values.frames.for(only.scope, place.frame);
    const inner = this.#holders({ node: only.value, frame: at, scope: only.scope }, made, depth + 1);
    // A parameter has attributes of its own.
    return inner && new Set([...inner, place.variable, ...(own ? [own] : [])]);
  }

  /** What a function of this file returns. */
  #returned(node: Call, frame: Frame, scope: Scope, made: Call, depth: number): Set<Variable> | null {
    const [callee, another] = this.#values.evaluate(node.callee, frame, scope);
    if (callee?.kind !== "function" || another || !this.#values.imports.isHere(callee.info.scope)) return null;
    const inner = this.#values.frames.enter(callee, { call: node, frame, scope });
    const ways = callee.info.returns.map((returned) =>
      this.#holders({ node: returned, frame: inner, scope: callee.info.scope }, made, depth + 1),
    );
    return ways.length === 0 || ways.includes(null) ? null : new Set(ways.flatMap((way) => [...(way ?? [])]));
  }

  /** Adds the parameters of what is given the configuration; false where that may fill in entries out of sight. */
  #pass(held: Set<Variable>, entries: Entries): boolean {
    for (let known = -1; known < held.size; ) {
      known = held.size;
      for (const [name, sites] of this.#values.names.calls)
        for (const site of sites) if (!this.#leaves(site, name, held, entries)) return false;
    }
    return true;
  }

  #leaves({ call, scope }: CallSite, name: string, held: Set<Variable>, { keeps, fills, section }: Entries): boolean {
    const { callee } = call;
    const frame = this.#values.frames.of(scope);
    if (callee.kind === "attribute" && this.#isHeld(callee.object, scope, held)) {
      if (!fills.methods.test(name)) return true;
      const [from] = call.arguments;
      const source = from ? this.#values.evaluate(from.value, frame, scope) : [];
      return source.length > 0 && source.every((value) => value.kind === "external" && fills.harmless.test(value.name));
    }
    const given = call.arguments.filter(({ value }) => this.#isHeld(outside(value, section), scope, held));
    if (given.length === 0) return true;
    return this.#values.evaluate(callee, frame, scope).every((value) => {
      if (value.kind === "external") return keeps.test(value.name);
      // A trainer, a hook, a loader of this file reads it.
      if (value.kind === "class") return true;
      if (value.kind !== "function" || !this.#values.imports.isHere(value.info.scope)) return false;
      const parameters = [...value.info.scope.variables.values()].filter(({ bindings }) =>
        bindings.some(
          (binding) => binding.kind === "parameter" && given.includes(this.#argumentFor(binding, call, frame)),
        ),
      );
      for (const parameter of parameters) held.add(parameter);
      return parameters.length > 0;
    });
  }

  #argumentFor(binding: Binding & { kind: "parameter" }, call: Call, frame: Frame): Call["arguments"][number] {
    const passed = this.#values.callers.argumentFor(binding, call, frame);
    const node = passed && passed !== "default" ? passed.node : null;
    return call.arguments.find(({ value }) => value === node) as Call["arguments"][number];
  }

  #isHeld(node: Expression, scope: Scope, held: ReadonlySet<Variable>): boolean {
    if (node.kind !== "name" && node.kind !== "attribute") return false;
    const name = lastPart(node);
    if (![...held].some((variable) => variable.name === name)) return false;
    const found = this.#values.variables.of(node, this.#values.frames.of(scope), scope);
    return found !== null && held.has(found.variable);
  }

  #said(
    { section, enabled, threshold, mode, kind, fallback, offUntil }: Entries,
    held: Set<Variable>,
    at: Located,
  ): Said {
    let holders = [...held];
    if (holders.some(({ contents }) => contents.length > 0)) return "hidden";
    for (const name of section) {
      holders = holders.flatMap((holder) => holder.attributes.get(name) ?? []);
      if (holders.some(({ bindings, contents }) => bindings.length + contents.length > 0)) return "hidden";
    }
    const written = (name: string) => holders.flatMap((holder) => holder.attributes.get(name)?.bindings ?? []);
    const entries = [enabled, threshold, mode.entry].map(written);
    const places = entries.map(([binding]) => binding && this.#placeOf(binding));
    if (entries.some((bindings) => bindings.length > 1) || places.includes(null)) return "hidden";
    const [on, number, way] = places as (Located | undefined)[];
    const clip: ConfiguredClip = {
      ...(number ?? at),
      kind: way ? this.#kindOf(way, mode.kinds) : kind,
      threshold: number?.node ?? null,
      fallback: number ? null : fallback,
      off: false,
      byObject: false,
      object: null,
      zeroIsOff: false,
      refused: null,
      changed: null,
    };
    if (!on) return number ? [{ ...clip, refused: offUntil }] : [];
    const [value, another] = this.#values.follow(on);
    if (another || value?.kind !== "literal" || value.node.kind !== "constant") return "hidden";
    if (value.node.value === true) return [clip];
    return [{ ...clip, ...on, threshold: on.node, fallback: null, off: true }];
  }

  /** Null for what is written under a condition, or in a loop. */
  #placeOf(binding: Binding): Located | null {
    if (binding.kind !== "value" || binding.path.length > 0) return null;
    if (binding.branchings.length + binding.loops.length > 0) return null;
    return { node: binding.value, frame: this.#values.frames.of(binding.scope), scope: binding.scope };
  }

  #kindOf(way: Located, kinds: Readonly<Record<string, ClipKind>>): ClipKind {
    const [value, another] = this.#values.follow(way);
    const said = !another && value?.kind === "literal" && value.node.kind === "string" ? value.node.value : null;
    return (said !== null && kinds[said]) || "unknown";
  }
}

/** `cfg` for `cfg.SOLVER.CLIP_GRADIENTS`. */
function outside(node: Expression, section: readonly string[]): Expression {
  return node.kind === "attribute" && section.includes(node.name) ? outside(node.object, section) : node;
}
