/** Who in the file calls a function, or has a library call it, and with what. */
import type { Argument, Call, Expression } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import { callsGiven } from "../names/passed-on.ts";
import { unwatched } from "../names/reads.ts";
import type { Binding, CallSite, FunctionInfo, Names, Scope } from "../names/scope.ts";
import { once } from "../once.ts";
import type { CallPlace, Frame } from "./value.ts";
import type { Values } from "./values.ts";

/** An expression that a call passes, and where it stands; the frame is null for a call that is not of the frame asked about. */
export interface Passed {
  readonly node: Expression;
  readonly call: Call;
  readonly frame: Frame | null;
  readonly scope: Scope;
}

/** A call stands where it stands, whatever becomes of others. */
const sitesIn = once((names: Names) => new Map([...names.calls.values()].flat().map((site) => [site.call, site])));

export class Callers {
  readonly #values: Values;
  readonly #callers = new Map<Scope, CallSite[]>();
  /** The calls that libraries make, and where they are told to. */
  readonly #made = new Map<Call, CallSite>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** The expression that a call passes for a parameter; "default" where it passes none, null where it can't be told. */
  argumentFor(
    { parameter, index, scope }: Binding & { kind: "parameter" },
    call: Call,
    frame: Frame,
  ): Passed | "default" | null {
    const info = scope.info;
    const shift = info?.owner && scope.self !== null ? 1 : 0;
    const bound = frame.call?.call === call ? frame.bound : null;
    const filled = bound
      ? bound.call.arguments.filter(({ keyword, stars }) => keyword === null && stars === 0).length - 1
      : 0;
    const position = index - shift;
    if (bound && position < filled) return this.#bound(bound, position + 1);
    const argument = argumentOf(call, position - filled, parameter.name);
    if (argument)
      return {
        node: argument.value,
        call,
        frame: frame.call?.call === call ? frame.call.frame : null,
        scope:
          frame.call?.call === call
            ? frame.call.scope
            : (this.#siteOf(call, scope)?.scope ?? this.#values.names.module),
      };
    const given = bound && argumentOf(bound.call, null, parameter.name);
    if (given) return { node: given.value, call: bound.call, frame: bound.frame, scope: bound.scope };
    return [call, ...(bound ? [bound.call] : [])].some((c) => c.arguments.some(({ stars }) => stars !== 0))
      ? null
      : "default";
  }

  #bound({ call, frame, scope }: CallPlace, position: number): Passed | null {
    const argument = argumentOf(call, position, null);
    return argument && { node: argument.value, call, frame, scope };
  }

  #siteOf(call: Call, callee: Scope): CallSite | undefined {
    const made = this.#made.get(call);
    if (made) return made;
    for (const names of this.#around(callee)) {
      const site = sitesIn(unwatched(names)).get(call);
      if (site) return site;
    }
    return undefined;
  }

  /** Where calls of a function are looked for: in this file, and in the module that it stands in. */
  #around(scope: Scope): readonly Names[] {
    const { names, imports } = this.#values;
    return imports.isHere(scope) ? [names] : [names, imports.namesIn(scope)];
  }

  /** The calls that are seen and may enter the function of `scope`; for `__init__`, the constructor calls. */
  of(scope: Scope): CallSite[] {
    const known = this.#callers.get(scope);
    if (known) return known;
    this.#callers.set(scope, []);
    const info = scope.info;
    if (!info) return [];
    const name = info.name === "__init__" && info.owner ? info.owner.node.name : info.name;
    const sites = this.#around(scope).flatMap((names) => names.calls.get(name) ?? []);
    const found = sites.filter((site) => {
      const { callee } = site.call;
      const targets = this.#values.evaluate(callee, this.#values.frames.of(site.scope), site.scope);
      return targets.some(
        (target) =>
          (target.kind === "function" && target.info === info) ||
          (target.kind === "class" && target.info === info.owner),
      );
    });
    const all = [...found, ...this.#around(scope).flatMap((names) => this.#madeOf(info, names))];
    this.#callers.set(scope, all);
    return all;
  }

  /** The calls that a library makes of a function which it is given: `lax.scan(body, state, xs)` calls `body(state, …)`. */
  #madeOf(info: FunctionInfo, names: Names): CallSite[] {
    return callsGiven(info.name, names).flatMap((site) => {
      const { call, scope } = site;
      const frame = this.#values.frames.of(scope);
      const evaluated = (node: Expression) => this.#values.evaluate(node, frame, scope);
      return evaluated(call.callee).flatMap((value): CallSite[] => {
        const runs = value.kind === "external" ? this.#values.runs(value.name) : null;
        const callee = [runs?.function, runs?.otherwise]
          .map((place) => place && argumentOf(call, place.position, place.keyword)?.value)
          .find((node) => node && evaluated(node).some((known) => known.kind === "function" && known.info === info));
        if (!callee || !runs?.passes) return [];
        const own = info.node.parameters.slice(info.owner && info.scope.self !== null ? 1 : 0);
        const passed = runs.passes.flatMap(([index, place]): Argument[] => {
          const [argument, parameter] = [argumentOf(call, place.position, place.keyword), own[index]];
          return argument && parameter ? [{ ...argument, keyword: parameter.name }] : [];
        });
        if (passed.length === 0) return [];
        const made = { ...site, call: { ...call, callee, arguments: passed } };
        this.#made.set(made.call, made);
        return [made];
      });
    });
  }
}
