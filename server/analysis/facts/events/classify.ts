/** What one call means to the training, by the frameworks' tables, and by convention where the object's class can't be seen. */
import type { Framework, Meaning } from "../../frameworks/framework.ts";
import type { Argument, Call, Expression, Statement } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Versions } from "../../workspace.ts";
import type { Scope } from "../names/scope.ts";
import { Usage } from "../values/usage.ts";
import { type CallPlace, type External, type Frame, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import { HiddenCalls, isInert } from "./hidden-calls.ts";
import { type Classified, Meanings } from "./meanings.ts";
import { Optimizers } from "./optimizers.ts";

const LOOKS_LIKE_OPTIMIZER = /optim|(^|_)opts?(_|$|[A-Z\d])|opt$|solver/i;
const LOOKS_LIKE_OTHER = /sched|env|profil|lr_|_lr$|warmup|callback|metric|timer|logger|hook|game|simul/i;
const LOOKS_LIKE_CLIP = /clip|clamp_grad/i;

type Known = Map<Frame, Map<Call, { readonly statement: Statement; readonly classified: Classified }>>;

export class Classifier {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];
  readonly #words = new Set<string>();
  readonly #callables = new Set(["partial", ""]);
  readonly #backward = new Set<string>();
  readonly optimizers: Optimizers;
  readonly #usage: Usage;
  /** First those whose optimizers may clip out of sight: of two libraries, an optimizer that can't be seen may be either's. */
  readonly #cautious: readonly Framework[];
  readonly #meanings: Meanings;
  readonly #hidden: HiddenCalls;
  /** What calls were found to mean: while no gradients wait for their update, and while some do. */
  readonly #known: readonly [Known, Known] = [new Map(), new Map()];

  constructor(values: Values, frameworks: readonly Framework[], versions: Versions) {
    this.#values = values;
    this.#frameworks = frameworks;
    this.optimizers = new Optimizers(values, frameworks, versions);
    this.#usage = new Usage(values);
    this.#cautious = [...frameworks].sort(
      (a, b) => Number(b.settings !== undefined) - Number(a.settings !== undefined),
    );
    this.#meanings = new Meanings(values, frameworks, this.optimizers);
    this.#hidden = new HiddenCalls(values, frameworks, this.optimizers, this.#usage);
    for (const framework of frameworks) {
      for (const [name, { event }] of Object.entries(framework.calls ?? {}))
        if (name.endsWith("()")) {
          this.#callables.add(lastSegment(stripCall(name)));
          if (event === "backward") this.#backward.add(lastSegment(stripCall(name)));
        } else this.#words.add(lastSegment(name));
      for (const [alias, name] of framework.aliases ?? [])
        if (framework.calls?.[name]) this.#words.add(lastSegment(alias));
      for (const name of Object.keys(framework.passThrough ?? {})) this.#callables.add(lastSegment(name));
      for (const name of Object.keys(framework.methods ?? {})) this.#words.add(name);
      for (const name of Object.keys(framework.optimizerMethods ?? {})) this.#words.add(name);
    }
  }

  /** False where the name alone shows that a call is no training event. */
  mayMatter(name: string): boolean {
    return this.#words.has(name) || LOOKS_LIKE_CLIP.test(name);
  }

  /** Whether a call of that name may give something that is called later: a function wrapped, or one that does the backward pass. */
  makesCallables(name: string): boolean {
    return this.#callables.has(name);
  }

  /** Whether a call of that name may give a function that does a backward pass. */
  makesBackward(name: string): boolean {
    return this.#backward.has(name);
  }

  /** Whether a library that is used gives optimizers as functions in a tuple. */
  get mayUnpack(): boolean {
    return this.#frameworks.some(({ optimizerParts }) => optimizerParts !== undefined);
  }

  /** `pending`: a backward pass is waiting for its step, so a call that can't be seen into may clip. */
  classify(call: Call, statement: Statement, frame: Frame, scope: Scope, pending: boolean): Classified {
    const known = this.#known[pending ? 1 : 0];
    let inFrame = known.get(frame);
    if (!inFrame) {
      inFrame = new Map();
      known.set(frame, inFrame);
    }
    const before = inFrame.get(call);
    // A lambda's call belongs to the statement that comes to it.
    if (before?.statement === statement) return before.classified;
    const classified = this.#classify(call, statement, frame, scope, pending);
    inFrame.set(call, { statement, classified });
    return classified;
  }

  #classify(call: Call, statement: Statement, frame: Frame, scope: Scope, pending: boolean): Classified {
    const values = this.#values.evaluate(call.callee, frame, scope);
    const targets = this.#targets(values, call, frame, scope);
    const name = nameOf(call, values);
    if (targets.length > 0) {
      const custom = this.#customStep(name, call, statement, frame, scope);
      const elsewhere = targets.some(({ info }) => !this.#values.imports.isHere(info.scope));
      const hides = elsewhere && pending && this.#hidden.mayAct(name, call, [], frame, scope);
      return custom ?? { kind: "inline", targets, direct: true, hides };
    }
    const externals = values.filter((value): value is External => value.kind === "external");
    for (const external of externals) {
      const found = this.#byName(external);
      if (found?.meaning.event === "clip" && external.bound)
        return this.#boundClip(found, external.bound, call, statement, frame, scope);
      if (found) return this.#meanings.at(found.meaning, found.framework, { call, statement, frame, scope });
    }
    const conventional = this.#byConvention(name, call, externals, statement, frame, scope);
    if (conventional) return conventional;
    if (!pending || !this.#hidden.mayAct(name, call, externals, frame, scope)) return null;
    const { imports } = this.#values;
    const looked =
      call.callee.kind === "name" && !scope.lookup(call.callee.id)
        ? imports.lookWildcard(call.callee.id, scope)
        : externals.flatMap((external) => imports.look(external.name, external.scope));
    const found = this.#targets(looked, call, frame, scope);
    if (found.length > 0) return { kind: "inline", targets: found, direct: true, hides: true };
    return this.#unknown(call, statement, frame, scope);
  }

  #targets(values: readonly Value[], call: Call, frame: Frame, scope: Scope): (Value & { kind: "function" })[] {
    return values.flatMap((value): (Value & { kind: "function" })[] => {
      if (value.kind === "function") return value.info.yields ? [] : [value];
      if (value.kind === "class") {
        const self: Value = { kind: "instance", info: value.info, call, frame, scope };
        return this.#values.members.of(self, "__init__").filter((method) => method.kind === "function");
      }
      if (value.kind === "instance")
        return this.#values.members.of(value, "__call__").filter((method) => method.kind === "function");
      return [];
    });
  }

  #byName(external: External): { meaning: Meaning; framework: Framework } | null {
    const dot = external.name.lastIndexOf(".");
    const [owner, method] = [external.name.slice(0, dot), external.name.slice(dot + 1)];
    for (const framework of this.#frameworks) {
      const meaning = framework.calls?.[external.name];
      if (meaning) return { meaning, framework };
      const part = /\[(\d+)\]$/.exec(external.name)?.[1];
      const called =
        part && framework.optimizers?.test(stripCall(external.name)) ? framework.optimizerParts?.[Number(part)] : null;
      if (called) return { meaning: called, framework };
      const own = framework.optimizerMethods?.[method];
      const made = stripCall(owner);
      if (own && (framework.optimizers?.test(made) || framework.carries?.[made])) return { meaning: own, framework };
    }
    return null;
  }

  #byConvention(
    name: string,
    call: Call,
    externals: readonly External[],
    statement: Statement,
    frame: Frame,
    scope: Scope,
  ): Classified {
    const { callee } = call;
    if (callee.kind !== "attribute") {
      if (!LOOKS_LIKE_CLIP.test(name) || externals.some((external) => isInert(external.name, this.#frameworks)))
        return null;
      return this.#clipSomehow(call, statement, frame, scope);
    }
    for (const framework of name === "step" ? this.#cautious : this.#frameworks) {
      const method = framework.scalerMethods?.[name];
      const known = method && this.#isScaler(callee.object, frame, scope) ? method : null;
      // A scaler's methods are given the optimizer, all but the one that ends the step.
      const scaled = known && (known.event === "rescale" || call.arguments.length > 0) ? known : null;
      const meaning = scaled ?? framework.methods?.[name];
      if (!meaning || (meaning.event === "step" && !this.#meanings.mayUpdate(meaning, { call, frame, scope })))
        continue;
      if (scaled) return this.#meanings.at(scaled, framework, { call, statement, frame, scope });
      // A function of a module (`loss.backward` is a method; `utils.backward` is not).
      if (
        meaning.event === "step" &&
        meaning.optimizer === "receiver" &&
        name === "step" &&
        !this.#stepsAnOptimizer(call, callee.object, externals, frame, scope)
      )
        return null;
      if (externals.some((external) => this.#isModuleMember(external))) break;
      return this.#meanings.at(meaning, framework, { call, statement, frame, scope });
    }
    if (LOOKS_LIKE_CLIP.test(name) && !externals.some((external) => isInert(external.name, this.#frameworks)))
      return this.#clipSomehow(call, statement, frame, scope);
    return null;
  }

  #isScaler(object: Expression, frame: Frame, scope: Scope): boolean {
    return /scaler$/i.test(lastPart(object)) || this.#usage.isScaler(object, frame, scope);
  }

  /** A name imported from a module, without a call on the way: a function of that module, not a method of an object. */
  #isModuleMember(external: External): boolean {
    return !external.name.includes("(");
  }

  #stepsAnOptimizer(
    call: Call,
    object: Expression,
    externals: readonly External[],
    frame: Frame,
    scope: Scope,
  ): boolean {
    const [given, another] = call.arguments;
    if (another || (given && !this.#mayBeClosure(given, frame, scope))) return false;
    const name = lastPart(
      object.kind === "subscript" ? object.object : object.kind === "call" ? object.callee : object,
    );
    const named = LOOKS_LIKE_OPTIMIZER.test(name) && !LOOKS_LIKE_OTHER.test(name);
    if (!named && !this.#usage.isOptimizer(object, frame, scope)) return false;
    // Where the object is known to be something else of a known library, its name says nothing.
    if (externals.some((external) => isInert(external.name, this.#frameworks) && !/optim/i.test(external.name)))
      return false;
    return !this.#values.evaluate(object, frame, scope).some((value) => value.kind === "literal");
  }

  /** An optimizer's `step` takes what computes the loss again; one that takes the loss does the backward pass, and whatever else. */
  #mayBeClosure({ value, keyword }: Argument, frame: Frame, scope: Scope): boolean {
    if (keyword !== null || value.kind === "lambda" || /closure|fn$|func/i.test(lastPart(value))) return true;
    return this.#values.evaluate(value, frame, scope).some(({ kind }) => kind === "function" || kind === "none");
  }

  /** `partial(clip_grad_norm_, max_norm=1.0)`: what it was given first goes with what the call gives. */
  #boundClip(
    { meaning, framework }: { readonly meaning: Meaning; readonly framework: Framework },
    bound: CallPlace,
    call: Call,
    statement: Statement,
    frame: Frame,
    scope: Scope,
  ): Classified {
    const given = bound.call.arguments.slice(1);
    // Its threshold or its parameters stand in another place, with other names.
    if (given.some(({ stars }) => stars !== 0) || bound.scope !== scope || bound.frame !== frame)
      return this.#clipSomehow(call, statement, frame, scope);
    const whole = { ...call, arguments: [...given.filter(byPlace), ...call.arguments, ...given.filter(byName)] };
    const classified = this.#meanings.at(meaning, framework, { call: whole, statement, frame, scope });
    if (classified?.kind !== "event" || classified.event.kind !== "clip") return classified;
    const base = this.#meanings.base(framework, { call, statement, frame, scope });
    return { kind: "event", event: { ...classified.event, ...base, call } };
  }

  #clipSomehow(call: Call, statement: Statement, frame: Frame, scope: Scope): Classified {
    const framework = this.#frameworks[0];
    if (!framework || call.arguments.length === 0) return null;
    const meaning: Meaning = { event: "clip", kind: "unknown", parameters: null, threshold: null, unscales: true };
    return this.#meanings.at(meaning, framework, { call, statement, frame, scope });
  }

  /** The optimizer's class is written in the workspace: what it overrides is an update all the same, and it may clip in there. */
  #customStep(name: string, call: Call, statement: Statement, frame: Frame, scope: Scope): Classified {
    const { callee } = call;
    if (callee.kind !== "attribute") return null;
    for (const framework of this.#frameworks) {
      const meaning = framework.optimizerMethods?.[name];
      if (meaning?.event !== "step") continue;
      const owners = this.#values.evaluate(callee.object, frame, scope).filter((value) => value.kind === "instance");
      // Elsewhere it is gone into; within the class, what it calls on itself are parts of one update.
      const derived = owners.some(
        ({ info, call: made }) => (framework.settings ? made : name === "step") && this.optimizers.isDerived(info),
      );
      if (derived) return this.#meanings.at(meaning, framework, { call, statement, frame, scope });
    }
    return null;
  }

  #unknown(call: Call, statement: Statement, frame: Frame, scope: Scope): Classified {
    const framework = this.#frameworks[0];
    if (!framework) return null;
    const base = this.#meanings.base(framework, { call, statement, frame, scope });
    return { kind: "event", event: { ...base, kind: "unknown" } };
  }
}

const byPlace = ({ keyword }: Argument) => keyword === null;
const byName = ({ keyword }: Argument) => keyword !== null;

const lastSegment = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** What is called, by the name that its own module gives it. */
function nameOf({ callee }: Call, values: readonly Value[]): string {
  const [value] = values;
  return callee.kind === "name" && value?.kind === "external" ? lastSegment(value.name) : lastPart(callee);
}
