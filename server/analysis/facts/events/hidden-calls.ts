/** Calls into code that can't be seen, which may do anything to the gradients that wait for their update. */
import type { Framework } from "../../frameworks/framework.ts";
import { type Call, childrenOf, type Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Scope } from "../names/scope.ts";
import type { Usage } from "../values/usage.ts";
import { type External, type Frame, isClassOf, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { Optimizers } from "./optimizers.ts";

const SOUNDS_LIKE_THRESHOLD = /^clip$|grad\w*_?clip|clip_?(grad|norm|value|thresh)|max_(grad_)?norm/i;
/** Calls that take the model or the optimizer between backward and step and that, by their name, only read or plan. */
const SOUNDS_HARMLESS =
  /lr|learning_rate|sched|log|save|checkpoint|print|ema|eval|valid|test|plot|write|record|monitor|count|loss|forward|predict|sample|freeze|format|time|^_*(get|is|has|unwrap)_|clone|deepcopy/i;
/** Calls that, by their name, take the gradients' mean or sum over processes: given two models, they may hand one's on to the other. */
const SOUNDS_SHARED = /average|avg|all_?reduce|sync|share/i;

export class HiddenCalls {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];
  readonly #optimizers: Optimizers;
  readonly #usage: Usage;

  constructor(values: Values, frameworks: readonly Framework[], optimizers: Optimizers, usage: Usage) {
    this.#values = values;
    this.#frameworks = frameworks;
    this.#optimizers = optimizers;
    this.#usage = usage;
  }

  /** Whether a call has the model or the optimizer in its hands. `externals`: what is called, as far as that is known. */
  mayAct(name: string, call: Call, externals: readonly External[], frame: Frame, scope: Scope): boolean {
    if (SOUNDS_HARMLESS.test(name)) return false;
    if (externals.length > 0 && externals.every((external) => isInert(external.name, this.#frameworks))) return false;
    const { callee } = call;
    if (callee.kind === "attribute" && this.#frameworks.some((framework) => framework.inertMethods?.has(name)))
      return false;
    if (call.arguments.some(isThreshold)) return true;
    const held = call.arguments.map((argument) => argument.value);
    if (callee.kind === "attribute") held.push(callee.object);
    const holders = held.filter((node) => this.#holdsParameters(node, frame, scope));
    return holders.length > (SOUNDS_SHARED.test(name) ? 1 : 0);
  }

  /** What a backward pass that returns its gradients returned, or a part of it. */
  #isGradient(value: Value): boolean {
    if (value.kind !== "external") return false;
    const source = value.name.replace(/(\[[^\]]*\])+$/, "").replace(/\(\)$/, "");
    return this.#frameworks.some(({ calls }) => calls?.[source]?.event === "backward");
  }

  #holdsParameters(node: Expression, frame: Frame, scope: Scope): boolean {
    if (node.kind === "call")
      return (
        /^(named_)?parameters$/.test(lastPart(node.callee)) ||
        childrenOf(node).some((child) => this.#holdsParameters(child, frame, scope))
      );
    if (node.kind !== "name" && node.kind !== "attribute") return false;
    if (node.kind === "name" && scope.home.self === node.id) return false;
    const variable = this.#values.variables.of(node, frame, scope)?.variable;
    if (!variable) return false;
    if (this.#usage.isModel(variable)) return true;
    return this.#values
      .evaluate(node, frame, scope)
      .some(
        (value) =>
          this.#isGradient(value) ||
          this.#isNetwork(value) ||
          (value.kind === "external" && this.#optimizers.isOptimizer(stripCall(value.name))),
      );
  }

  /** An instance of a library's layer, or of a class that is one by a base of it. */
  #isNetwork(value: Value): boolean {
    if (value.kind === "external") return value.call !== null && this.#isLayer(stripCall(value.name));
    if (value.kind !== "instance") return false;
    return this.#values.members.bases(value.info).some((base) => base.kind === "external" && this.#isLayer(base.name));
  }

  #isLayer(name: string): boolean {
    return (
      !name.endsWith("Loss") && this.#frameworks.some(({ layers = [] }) => layers.some((of) => isClassOf(of, name)))
    );
  }
}

/** `check(model, config.grad_clip)` */
const isThreshold = ({ keyword, value }: Call["arguments"][number]) =>
  [keyword ?? "", value.kind === "name" || value.kind === "attribute" ? lastPart(value) : ""].some((name) =>
    SOUNDS_LIKE_THRESHOLD.test(name),
  );

/** Known to do nothing to gradients. */
export const isInert = (name: string, frameworks: readonly Framework[]): boolean =>
  frameworks.some((framework) => framework.inert?.test(name));
