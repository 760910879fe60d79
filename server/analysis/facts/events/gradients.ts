/**
 * Where gradients that are passed as values come from: which backward passes made them, and what they came through. Such
 * values never change in place: only what is on the way to the update counts.
 */
import type { Framework, GradientPlace, Meaning } from "../../frameworks/framework.ts";
import { type Call, childrenOf, type Expression } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Scope } from "../names/scope.ts";
import { type External, type Frame, type Located, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { GradientFlow, Seen } from "./events.ts";
import type { Optimizers } from "./optimizers.ts";

interface Flow extends Omit<GradientFlow, keyof Seen | "shape"> {
  /** Led back to what is being asked about: gradients, of which something else says what they are. */
  readonly around: boolean;
}
/** Whether something makes what it is applied to smaller where that is large. */
type Effect = "none" | "bounds" | "unseen";

const NOTHING: Flow = {
  made: new Map(),
  clips: new Set(),
  bounded: new Set(),
  stored: false,
  open: false,
  around: false,
};
const UNSEEN: Flow = { ...NOTHING, open: true };
const MAX_DEPTH = 48;
const MAX_EFFECT_DEPTH = 12;
/** Names of functions (of libraries that are known) that limit what they are given, or tell how large it is. */
const BOUNDS =
  /clip|clamp|norm|^(minimum|maximum|min|max|fmin|fmax|where|select|cond|sign|tanh|normalize|trust_ratio|reduce_max|reduce_min)$/i;
/** Functions that multiply or divide. */
const SCALES = /\.(tree_(scalar_)?(mul|scale|div)|scale|mul|multiply|div|divide|true_divide)$/;
const ENTRY = /(^|\.)[A-Z]\w*\(\)(\.\w+)+$/;
const TAKES_GRADIENT = /\.(value_and_)?grad$/;

export class Gradients {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];
  readonly #optimizers: Optimizers;
  readonly #known = new Map<string, Flow>();
  readonly #active = new Map<string, number>();
  #cutAt = Number.POSITIVE_INFINITY;
  #budget = 20_000;

  constructor(values: Values, frameworks: readonly Framework[], optimizers: Optimizers) {
    this.#values = values;
    this.#frameworks = frameworks;
    this.#optimizers = optimizers;
  }

  trace(seen: Seen, shape: GradientPlace["shape"]): GradientFlow {
    const { node, frame, scope } = seen;
    const flow = this.#flow(node, frame, scope);
    return { node, frame, scope, shape, ...flow, open: flow.open || !isGradient(flow) };
  }

  /** Whether something of what a backward pass returned is there. */
  reach({ node, frame, scope }: Seen): boolean {
    return isGradient(this.#flow(node, frame, scope));
  }

  #flow(node: Expression, frame: Frame, scope: Scope): Flow {
    // Where a backward pass leaves them, under PyTorch.
    if (node.kind === "attribute" && node.name === "grad") return { ...NOTHING, stored: true };
    return this.#once(this.#keyOf(node, frame), () => this.#values.evaluate(node, frame, scope));
  }

  #keyOf(node: Expression, frame: Frame): string {
    return `${this.#values.frames.id(node)}@${this.#values.frames.id(frame)}`;
  }

  #once(key: string, valuesOf: () => readonly Value[]): Flow {
    const known = this.#known.get(key);
    if (known) return known;
    // What is defined by itself (a sum of gradients in a loop, a list that holds itself) has nothing to add.
    const entered = this.#active.get(key);
    if (entered !== undefined) {
      this.#cutAt = Math.min(this.#cutAt, entered);
      return { ...NOTHING, around: true };
    }
    const depth = this.#active.size;
    if (depth > MAX_DEPTH || this.#budget-- <= 0) return UNSEEN;
    const outerCut = this.#cutAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#active.set(key, depth);
    const found = either(valuesOf().map((value) => this.#value(value)));
    this.#active.delete(key);
    // An answer that a cycle through something further out cut short is not the whole answer.
    const whole = this.#cutAt >= depth;
    const flow = whole ? { ...found, around: false } : found;
    if (whole) this.#known.set(key, flow);
    this.#cutAt = Math.min(outerCut, whole ? Number.POSITIVE_INFINITY : this.#cutAt);
    return flow;
  }

  #value(value: Value): Flow {
    switch (value.kind) {
      case "external":
        return value.call ? this.#made(value, value.call) : UNSEEN;
      case "elements":
        return together(value.any.map((item) => this.#element(item)));
      case "literal":
        return this.#arithmetic(value.node, value.frame, value.scope);
      case "function":
        // Given to a loop (`lax.scan(body, …)`): what it returns is what comes out.
        return together(value.info.returns.map((node) => this.#returned(value, node)));
      case "none":
        return NOTHING;
      default:
        return UNSEEN;
    }
  }

  #element(item: Located): Flow {
    const { node, frame, scope, path, iterated } = item;
    if (!path && !iterated) return this.#flow(node, frame, scope);
    return this.#once(`${this.#keyOf(node, frame)} ${path} ${iterated}`, () => this.#values.follow(item));
  }

  #returned(value: Value & { kind: "function" }, node: Expression): Flow {
    return this.#flow(node, this.#values.frames.enter(value, null), value.info.scope);
  }

  /** What a call of a library returned. */
  #made(value: External, call: Call): Flow {
    const { frame, scope } = value;
    const name = calleeOf(value.name);
    const known = this.#meaningOf(name);
    const source = known?.meaning.event === "backward" ? known.framework : this.#giverOf(name);
    if (source) return { ...NOTHING, made: new Map([[call, source]]) };
    if (known?.meaning.event === "clip") return this.#clipped(known.meaning, call, frame, scope);
    if (call.callee.kind === "attribute" && /\.update$/.test(name) && this.#transforms(rootOf(name)))
      return this.#transformed(value, call);
    if (!this.#isInert(name)) return UNSEEN;
    const parts = this.#argumentsOf(call).map((node) => ({ node, flow: this.#flow(node, frame, scope) }));
    const given = together(parts.map(({ flow }) => flow));
    if (!isGradient(given) || isBounded(given)) return given;
    const others = parts.filter(({ flow }) => !isGradient(flow)).map(({ node }) => node);
    const effect = worst([
      this.#effectOfName(name),
      this.#applied(name, call, value),
      this.#effectOfOthers(name, others, frame, scope),
    ]);
    return affected(given, effect, call);
  }

  #clipped({ gradients }: Meaning & { event: "clip" }, call: Call, frame: Frame, scope: Scope): Flow {
    const { place } = gradients ?? {};
    const argument = place && place !== "last" ? argumentOf(call, place.position, place.keyword) : call.arguments[0];
    if (argument?.stars !== 0) return UNSEEN;
    const given = this.#flow(argument.value, frame, scope);
    return isGradient(given) ? { ...given, clips: new Set([...given.clips, call]) } : given;
  }

  #transforms(name: string): boolean {
    return this.#optimizers.isTransformation(name) || this.#optimizers.links.isMadeBy(name);
  }

  /** `updates, state = transformation.update(grads, state)`, chained by hand. */
  #transformed({ frame, scope }: External, call: Call): Flow {
    const [first] = call.arguments;
    const given = first ? this.#flow(first.value, frame, scope) : UNSEEN;
    const framework = this.#frameworks.find(({ settings }) => settings);
    const receiver = call.callee.kind === "attribute" ? call.callee.object : null;
    if (!framework || !receiver) return given;
    const { configured, opaque } = this.#optimizers.refer(receiver, frame, scope, framework);
    return affected(given, configured.some(({ off }) => !off) ? "bounds" : opaque ? "unseen" : "none", call);
  }

  #argumentsOf(call: Call): Expression[] {
    const given = call.arguments.map(({ value }) => value);
    return call.callee.kind === "attribute" ? [call.callee.object, ...given] : given;
  }

  /** What the function does that a call applies to each gradient. */
  #applied(name: string, call: Call, { frame, scope }: External): Effect {
    const place = this.#frameworks.map(({ maps }) => maps?.[name]).find((known) => known);
    if (!place) return "none";
    const given = argumentOf(call, place.position, place.keyword);
    if (!given) return "unseen";
    const effects = this.#values.evaluate(given.value, frame, scope).map((value): Effect => {
      if (value.kind === "function") return this.#effectOf(value);
      return value.kind === "external" ? this.#effectOfName(value.name) : "unseen";
    });
    return worst(effects);
  }

  /** What gradients are multiplied by, or mapped together with: `tree_scale(factor, grads)`. */
  #effectOfOthers(name: string, others: readonly Expression[], frame: Frame, scope: Scope): Effect {
    const scales = SCALES.test(name);
    if (!scales && !this.#frameworks.some(({ maps }) => maps?.[name])) return "none";
    const effect = worst(
      others.filter(({ kind }) => kind !== "lambda").map((node) => this.#effect(node, frame, scope, 0)),
    );
    const hidden = scales && others.some((node) => this.#isHidden(node, frame, scope));
    return effect === "none" && hidden ? "unseen" : effect;
  }

  #effectOfName(name: string): Effect {
    if (!this.#isInert(name)) return "unseen";
    return BOUNDS.test(name.slice(name.lastIndexOf(".") + 1)) ? "bounds" : "none";
  }

  #effectOf(value: Value & { kind: "function" }, depth = 0): Effect {
    const inner = this.#values.frames.enter(value, null);
    return worst(value.info.returns.map((node) => this.#effect(node, inner, value.info.scope, depth + 1)));
  }

  /** Whether something in an expression bounds, or can't be told to leave the size alone. */
  #effect(node: Expression, frame: Frame, scope: Scope, depth: number): Effect {
    if (depth > MAX_EFFECT_DEPTH) return "unseen";
    const parts = (nodes: readonly Expression[]) =>
      worst(nodes.map((child) => this.#effect(child, frame, scope, depth + 1)));
    switch (node.kind) {
      case "name":
        return worst(this.#values.evaluate(node, frame, scope).map((value) => this.#effectOfValue(value, depth)));
      case "attribute": {
        const values = this.#values.evaluate(node, frame, scope);
        const read = values.length > 0 && values.every((value) => this.#isEntry(value));
        return read ? "none" : parts(childrenOf(node));
      }
      case "call":
        return worst([this.#effectOfCall(node, frame, scope, depth), parts(this.#argumentsOf(node))]);
      case "binary": {
        const sides = parts([node.left, node.right]);
        // A factor that can't be seen may be one that clips; a divisor mostly counts.
        const factor =
          node.operator === "*" && [node.left, node.right].some((side) => this.#isHidden(side, frame, scope));
        return sides === "none" && factor ? "unseen" : sides;
      }
      default:
        return parts(childrenOf(node));
    }
  }

  /** What is read of an object that a library's class makes, such as a configuration, measures no gradients, whatever else it holds. */
  #isEntry(value: Value): boolean {
    return value.kind === "external" && ENTRY.test(value.name) && this.#isInert(value.name);
  }

  #effectOfValue(value: Value, depth: number): Effect {
    if (this.#isEntry(value)) return "none";
    if (value.kind === "external" && value.call && this.#isInert(value.name))
      return this.#effect(value.call, value.frame, value.scope, depth + 1);
    if (value.kind === "literal" && (value.node.kind === "binary" || value.node.kind === "unary"))
      return this.#effect(value.node, value.frame, value.scope, depth + 1);
    return "none";
  }

  #effectOfCall(call: Call, frame: Frame, scope: Scope, depth: number): Effect {
    const { callee } = call;
    const effects = this.#values.evaluate(callee, frame, scope).map((value): Effect => {
      if (value.kind === "function")
        return worst(
          value.info.returns.map((node) =>
            this.#effect(node, this.#values.frames.enter(value, { call, frame, scope }), value.info.scope, depth + 1),
          ),
        );
      if (value.kind === "external") return this.#effectOfName(calleeOf(`${value.name}()`));
      // A method of a parameter: `g.astype(dtype)`, `g.clip(-1, 1)`.
      if (callee.kind === "attribute") return BOUNDS.test(callee.name) ? "bounds" : "none";
      return "unseen";
    });
    return worst(effects);
  }

  /** A factor that comes from where it can't be seen, and isn't what the function is applied to. */
  #isHidden(node: Expression, frame: Frame, scope: Scope): boolean {
    if (node.kind !== "name" && node.kind !== "attribute") return false;
    const own = node.kind === "name" ? scope.own(node.id)?.bindings[0]?.kind === "parameter" : false;
    const hides = (value: Value) =>
      value.kind === "unknown" || (value.kind === "external" && !this.#isInert(value.name));
    return !own && this.#values.evaluate(node, frame, scope).some(hides);
  }

  /** `grads * scale`, `-grads`. */
  #arithmetic(node: Expression, frame: Frame, scope: Scope): Flow {
    if (node.kind === "unary") return this.#flow(node.operand, frame, scope);
    if (node.kind !== "binary") return NOTHING;
    const sides = [node.left, node.right].map((side) => ({ side, flow: this.#flow(side, frame, scope) }));
    const given = together(sides.map(({ flow }) => flow));
    if (!isGradient(given) || isBounded(given) || !/^[*/]$/.test(node.operator)) return given;
    const others = sides.filter(({ flow }) => !isGradient(flow)).map(({ side }) => side);
    const hidden = node.operator === "*" && others.some((side) => this.#isHidden(side, frame, scope));
    const effect = worst(others.map((side) => this.#effect(side, frame, scope, 0)));
    return affected(given, effect === "none" && hidden ? "unseen" : effect, node);
  }

  #meaningOf(name: string): { meaning: Meaning; framework: Framework } | null {
    const dot = name.lastIndexOf(".");
    for (const framework of this.#frameworks) {
      const own = framework.optimizers?.test(stripCall(name.slice(0, dot)))
        ? framework.optimizerMethods?.[name.slice(dot + 1)]
        : undefined;
      const meaning = framework.calls?.[name] ?? own;
      if (meaning) return { meaning, framework };
    }
    return null;
  }

  /** A method of a known library's object that gives a gradient function: `dynamic_scale.value_and_grad(loss)(params)`. */
  #giverOf(name: string): Framework | null {
    const gives = name.endsWith("()") && TAKES_GRADIENT.test(name.slice(0, -2));
    return gives ? (this.#frameworks.find(({ inert }) => inert?.test(name)) ?? null) : null;
  }

  #isInert(name: string): boolean {
    return (
      name.startsWith("builtins.") ||
      this.#frameworks.some(({ inert, keepsGradients }) => inert?.test(name) || keepsGradients?.test(name))
    );
  }
}

/** What a call's value names, without that call: `jax.grad()` for `jax.grad()()[1]`. */
const calleeOf = (name: string) => name.replace(/(\[[^\]]*\])+$/, "").replace(/\(\)$/, "");
/** `optax.adam` for `optax.adam().update`. */
const rootOf = (name: string) => stripCall(name.replace(/\.\w+$/, ""));

const isBounded = ({ clips, bounded }: Flow) => clips.size + bounded.size > 0;
const isGradient = (flow: Flow) => flow.made.size > 0 || flow.stored || flow.around || isBounded(flow);

function affected(given: Flow, effect: Effect, by: Expression): Flow {
  if (effect === "bounds") return { ...given, bounded: new Set([...given.bounded, by]) };
  return effect === "unseen" ? { ...given, open: true } : given;
}

/** One of several: what can't be seen on one way can't be seen. */
function either(flows: readonly Flow[]): Flow {
  const [only] = flows;
  if (only && flows.length === 1) return only;
  return {
    made: new Map(flows.flatMap(({ made }) => [...made])),
    clips: new Set(flows.flatMap(({ clips }) => [...clips])),
    bounded: new Set(flows.flatMap(({ bounded }) => [...bounded])),
    stored: flows.some(({ stored }) => stored),
    open: flows.some(({ open }) => open),
    around: flows.some(({ around }) => around),
  };
}

/** Several that are used together: beside gradients, what can't be seen is something else (parameters, a mask, a count). */
function together(flows: readonly Flow[]): Flow {
  const gradients = flows.filter(isGradient);
  return either(gradients.length > 0 ? gradients : flows);
}

function worst(effects: readonly Effect[]): Effect {
  if (effects.includes("bounds")) return "bounds";
  return effects.includes("unseen") ? "unseen" : "none";
}
