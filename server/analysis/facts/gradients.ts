/** Where gradients that are passed as values come from: which backward passes made them, and which clips they came through. */
import type { Framework, GradientPlace, Meaning } from "../frameworks/framework.ts";
import type { Call, Expression } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { GradientFlow, Seen } from "./events.ts";
import { stripCall } from "./optimizers.ts";
import type { Located, Value } from "./value.ts";
import type { Values } from "./values.ts";

const MAX_DEPTH = 12;
const GATHERERS = /^builtins\.(list|tuple|iter|reversed)$/;

/** A gradient or several; each with its variable; one of those pairs. */
type Shape = "gradients" | "pairs" | "pair";

type External = Value & { kind: "external" };

interface Found extends GradientFlow {
  readonly made: Map<Call, Framework>;
  readonly clips: Set<Call>;
  stored: boolean;
  open: boolean;
}

export class Gradients {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];

  constructor(values: Values, frameworks: readonly Framework[]) {
    this.#values = values;
    this.#frameworks = frameworks;
  }

  trace(seen: Seen, shape: GradientPlace["shape"]): GradientFlow {
    const found: Found = { ...seen, shape, made: new Map(), clips: new Set(), stored: false, open: false };
    this.#located({ node: seen.node, frame: seen.frame, scope: seen.scope }, shape, found, 0);
    const nothing = found.made.size === 0 && found.clips.size === 0 && !found.stored;
    return nothing ? { ...found, open: true } : found;
  }

  #located(at: Located, shape: Shape, found: Found, depth: number): void {
    if (depth > MAX_DEPTH) {
      found.open = true;
      return;
    }
    // Where a backward pass leaves them, under PyTorch.
    if (at.node.kind === "attribute" && at.node.name === "grad") {
      found.stored = true;
      return;
    }
    for (const value of this.#values.follow(at)) this.#value(value, shape, found, depth + 1);
  }

  #value(value: Value, shape: Shape, found: Found, depth: number): void {
    if (value.kind === "none") return;
    if (value.kind === "elements") {
      if (shape === "pair") {
        const [gradient] = value.items ?? [];
        if (gradient) this.#located(gradient, "gradients", found, depth);
        else found.open = true;
        return;
      }
      for (const item of value.any) this.#located(item, shape === "pairs" ? "pair" : shape, found, depth);
      return;
    }
    if (value.kind !== "external" || !value.call) {
      found.open = true;
      return;
    }
    this.#external(value, value.call, shape, found, depth);
  }

  #external(value: External, call: Call, shape: Shape, found: Found, depth: number): void {
    const name = value.name.replace(/(\[[^\]]*\])+$/, "").replace(/\(\)$/, "");
    const { frame, scope } = value;
    const known = this.#meaningOf(name);
    if (known?.meaning.event === "backward") {
      found.made.set(call, known.framework);
      return;
    }
    const from = this.#source(name, call, shape, known?.meaning ?? null);
    if (known?.meaning.event === "clip" && from) found.clips.add(call);
    if (from) this.#located({ node: from.node, frame, scope }, from.shape, found, depth);
    else found.open = true;
  }

  /** The gradients that a call is given and gives back, clipped or as they are. */
  #source(name: string, call: Call, shape: Shape, meaning: Meaning | null): { node: Expression; shape: Shape } | null {
    const [first] = call.arguments;
    if (meaning?.event === "clip" && meaning.gradients) {
      const { place, shape: inner } = meaning.gradients;
      const given = argumentOf(call, place.position, place.keyword);
      return given?.stars === 0 ? { node: given.value, shape: inner } : null;
    }
    if (!first || first.stars === 2) return null;
    if (name === "builtins.zip") return { node: first.value, shape: first.stars === 1 ? "pairs" : "gradients" };
    const keeps = GATHERERS.test(name) || this.#frameworks.some(({ keepsGradients }) => keepsGradients?.test(name));
    return keeps ? { node: first.value, shape } : null;
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
}
