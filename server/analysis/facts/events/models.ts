/** Models that are told their optimizer and then train themselves: which one was told what, and which one trains. */
import type { ArgumentPlace, CompiledModels, Running } from "../../frameworks/framework.ts";
import type { Call, Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { CallSite, ClassInfo, Scope } from "../names/scope.ts";
import { argumentThrough } from "../values/passed.ts";
import { type External, type Located, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { Seen } from "./events.ts";

export class Models {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  /**
   * The optimizers that the calls in this file give to the model whose attribute `node` is, for `value`; none where that
   * can't be seen.
   */
  optimizersOf({ node, frame, scope }: Located, value: External, { attribute, member, by, place }: CompiledModels) {
    if (node.kind !== "attribute") return [];
    const sites = this.#values.names.calls.get(by) ?? [];
    const telling = attribute.test(value.name)
      ? this.#toldByClass({ node: node.object, frame, scope }, sites, by)
      : value.name.endsWith(`().${member}`)
        ? sites.filter((site) => this.#isOn(site, this.#identity({ node: node.object, frame, scope })))
        : [];
    return telling.flatMap((site): Located[] => {
      const found = argumentThrough(this.#values, site.call, place, this.#values.frames.of(site.scope), site.scope);
      return found ? [found] : this.#handedOn(site, place);
    });
  }

  /** What the callers of a method give it that it hands on unseen: `super().compile(*args, **kwargs)`. */
  #handedOn({ call, scope }: CallSite, place: ArgumentPlace): Located[] {
    const info = scope.home.info;
    if (!info?.owner || call.callee.kind !== "attribute" || call.callee.name !== info.name) return [];
    const own = info.node.parameters.slice(1);
    const handsOn = (stars: 1 | 2) => {
      const name = own.find((parameter) => parameter.stars === stars)?.name;
      return call.arguments.some(
        ({ value, stars: given }) => given === stars && value.kind === "name" && value.id === name,
      );
    };
    if (!handsOn(2) || own.some(({ name }) => name === place.keyword)) return [];
    const position = handsOn(1) && own[0]?.stars === 1 && call.arguments[0]?.stars === 1 ? place.position : null;
    return this.#values.callers.of(info.scope).flatMap((site): Located[] => {
      const frame = this.#values.frames.of(site.scope);
      const found = argumentThrough(this.#values, site.call, { ...place, position }, frame, site.scope);
      return found ? [found] : [];
    });
  }

  #toldByClass({ node, frame, scope }: Seen, sites: readonly CallSite[], by: string): CallSite[] {
    const owners = this.#values
      .evaluate(node, frame, scope)
      .flatMap((value) => (value.kind === "instance" ? [value.info] : []));
    return sites.filter((site) => owners.some((owner) => this.#tells(site, owner, by)));
  }

  /** The method is called on the same model, be its class one that can't be seen. */
  #isOn({ call, scope }: CallSite, identity: ReadonlySet<unknown>): boolean {
    if (call.callee.kind !== "attribute") return false;
    const told = { node: call.callee.object, frame: this.#values.frames.of(scope), scope };
    return [...this.#identity(told)].some((key) => identity.has(key));
  }

  /** `model.compile(…)`; where the class has a `compile` of its own, what that hands on to `super().compile(…)`. */
  #tells({ call, scope }: CallSite, owner: ClassInfo, by: string): boolean {
    if (call.callee.kind !== "attribute") return false;
    const { object } = call.callee;
    if (this.#writes(owner, by)) {
      const within = scope.home.info?.owner;
      return object.kind === "call" && lastPart(object.callee) === "super" && !!within && this.#derives(owner, within);
    }
    return this.#values
      .evaluate(object, this.#values.frames.of(scope), scope)
      .some((value) => value.kind === "instance" && this.#derives(value.info, owner));
  }

  /** The class, or a base of it in this file, has such a method. */
  #writes(info: ClassInfo, name: string): boolean {
    return [...this.#values.members.lineage(info)].some(({ methods }) => methods.has(name));
  }

  #derives(info: ClassInfo, from: ClassInfo): boolean {
    return this.#values.members.lineage(info).has(from);
  }

  /**
   * The calls here by which the model makes its updates itself; none where who it is returned to may make them, and null where
   * it makes none.
   */
  runsOf(model: Seen, { methods, unless, asks, loads }: Running): readonly Call[] | null {
    const values = this.#valuesOf(model);
    if (values.some((value) => value.kind === "instance" && this.#writes(value.info, unless))) return null;
    const runs = this.#callsOn(model, methods);
    if (runs.length > 0) return runs;
    const loaded = values.some((value) => value.kind === "external" && loads.test(stripCall(value.name)));
    return this.#isReturned(model) && !loaded && this.#callsOn(model, asks).length === 0 ? [] : null;
  }

  /** The function returns the very name, alone or among others. */
  #isReturned({ node, scope }: Seen): boolean {
    const { info } = scope.home;
    if (node.kind !== "name" || !info || info.node.kind === "lambda") return false;
    const isIt = (returned: Expression) => returned.kind === "name" && returned.id === node.id;
    return info.returns.some((value) => isIt(value) || (value.kind === "sequence" && value.elements.some(isIt)));
  }

  /** Where one of these methods is called on the same model. */
  #callsOn(model: Seen, methods: readonly string[]): Call[] {
    const identity = this.#identity(model);
    return methods.flatMap((method) =>
      (this.#values.names.calls.get(method) ?? []).filter((site) => this.#isOn(site, identity)).map(({ call }) => call),
    );
  }

  /** What makes two expressions the same model: a variable, the call that built it, the class whose instance it is. */
  #identity(model: Seen): Set<unknown> {
    const { node, frame, scope } = model;
    const found = new Set<unknown>();
    const variable = this.#values.variables.of(node, frame, scope)?.variable;
    if (variable) found.add(variable);
    // A parameter is the same in the whole function, whatever fills it.
    const local = node.kind === "name" ? scope.lookup(node.id) : null;
    if (local) found.add(local);
    for (const value of this.#valuesOf(model)) {
      if (value.kind === "external" && value.call)
        for (const key of this.#madeBy(value, value.call, scope)) found.add(key);
      if (value.kind === "instance") found.add(value.call ?? value.info).add(value.info);
    }
    return found;
  }

  /** A model's constructor; in a helper it makes another model at each call of that, though the same one in itself. */
  #madeBy({ frame, scope: within }: External, built: Call, scope: Scope): unknown[] {
    const { frames } = this.#values;
    const made = frame.call && `${frames.id(built)} ${frames.id(frame.call.call)}`;
    if (within.home === scope.home) return made ? [built, made] : [built];
    const isHelper = within.home.info !== null && within.home.info.name !== "__init__";
    return isHelper && made ? [made] : [built];
  }

  /** `super()` is the same model. */
  #valuesOf({ node, frame, scope }: Seen): Value[] {
    const self = node.kind === "call" && lastPart(node.callee) === "super" ? frame.self : null;
    return self ? [self] : this.#values.evaluate(node, frame, scope);
  }
}
