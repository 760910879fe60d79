/** Who in the file calls a function, and with what. */
import type { Call, Expression } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Binding, CallSite, Scope } from "./scope.ts";
import type { Frame } from "./value.ts";
import type { Values } from "./values.ts";

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
  ): { node: Expression; call: Call; scope: Scope } | "default" | null {
    const info = scope.info;
    const shift = info?.owner && scope.self !== null ? 1 : 0;
    const site = this.#siteOf(call);
    const argument = argumentOf(call, index - shift, parameter.name);
    if (argument)
      return {
        node: argument.value,
        call,
        scope: frame.call?.call === call ? frame.call.scope : (site?.scope ?? this.#values.names.module),
      };
    return call.arguments.some((given) => given.stars !== 0) ? null : "default";
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
