/** Who in the file calls a function, and with what. */
import type { Call, Expression } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Binding, CallSite, Scope } from "./scope.ts";
import type { CallPlace, Frame } from "./value.ts";
import type { Values } from "./values.ts";

/** An expression that a call passes, and where it stands; the frame is null for a call that is not of the frame asked about. */
export interface Passed {
  readonly node: Expression;
  readonly call: Call;
  readonly frame: Frame | null;
  readonly scope: Scope;
}

export class Callers {
  readonly #values: Values;
  readonly #callers = new Map<Scope, CallSite[]>();
  #sites: Map<Call, CallSite> | null = null;

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
        scope: frame.call?.call === call ? frame.call.scope : (this.#siteOf(call)?.scope ?? this.#values.names.module),
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

  #siteOf(call: Call): CallSite | undefined {
    if (!this.#sites) {
      this.#sites = new Map();
      for (const sites of this.#values.names.calls.values()) for (const site of sites) this.#sites.set(site.call, site);
    }
    return this.#sites.get(call);
  }

  /** The calls in this file that may enter the function of `scope`; for `__init__`, the constructor calls. */
  of(scope: Scope): CallSite[] {
    const known = this.#callers.get(scope);
    if (known) return known;
    this.#callers.set(scope, []);
    const info = scope.info;
    if (!info) return [];
    const name = info.name === "__init__" && info.owner ? info.owner.node.name : info.name;
    const found = (this.#values.names.calls.get(name) ?? []).filter((site) => {
      const { callee } = site.call;
      const targets = this.#values.evaluate(callee, this.#values.frames.of(site.scope), site.scope);
      return targets.some(
        (target) =>
          (target.kind === "function" && target.info === info) ||
          (target.kind === "class" && target.info === info.owner),
      );
    });
    this.#callers.set(scope, found);
    return found;
  }
}
