/** What one call means to the training, by the frameworks' tables, and by convention where the object's class can't be seen. */
import type { ArgumentPlace, Framework, GradientPlace, Meaning, OptimizerPlace } from "../../frameworks/framework.ts";
import {
  type Argument,
  type Call,
  childrenOf,
  type Expression,
  expressionsOf,
  type Statement,
} from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import type { Versions } from "../../workspace.ts";
import { reachesGrad } from "../names/by-hand.ts";
import type { Scope } from "../names/scope.ts";
import { argumentThrough } from "../values/passed.ts";
import { Usage } from "../values/usage.ts";
import { type CallPlace, type External, type Frame, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import { clipKind } from "./clip-settings.ts";
import { isDifferentiated, subtracts, withoutOptimizer, withoutRate } from "./descent.ts";
import type { OptimizerRef, TrainingEvent } from "./events.ts";
import { Gradients } from "./gradients.ts";
import { HiddenCalls, isInert } from "./hidden-calls.ts";
import { Optimizers } from "./optimizers.ts";
import { isFalse, isPlain } from "./trained.ts";

const LOOKS_LIKE_OPTIMIZER = /optim|(^|_)opts?(_|$|[A-Z\d])|opt$|solver/i;
const LOOKS_LIKE_OTHER = /sched|env|profil|lr_|_lr$|warmup|callback|metric|timer|logger|hook|game|simul/i;
const LOOKS_LIKE_CLIP = /clip|clamp_grad/i;
type Step = Meaning & { event: "step" };

export type Classified =
  | { readonly kind: "event"; readonly event: TrainingEvent }
  | {
      readonly kind: "inline";
      readonly targets: readonly (Value & { kind: "function" })[];
      /** The targets' parameters are filled by this very call. */
      readonly direct: boolean;
      /** Gradients wait for their update, and the targets get the model or the optimizer in their hands. */
      readonly hides: boolean;
    }
  | { readonly kind: "log"; readonly threshold: Expression | null }
  | null;

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
  readonly #gradients: Gradients;
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
    this.#gradients = new Gradients(values, frameworks, this.optimizers);
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
      const custom = name === "step" ? this.#customStep(call, statement, frame, scope) : null;
      const elsewhere = targets.some(({ info }) => !this.#values.imports.isHere(info.scope));
      const hides = elsewhere && pending && this.#hidden.mayAct(name, call, [], frame, scope);
      return custom ?? { kind: "inline", targets, direct: true, hides };
    }
    const externals = values.filter((value): value is External => value.kind === "external");
    for (const external of externals) {
      const found = this.#byName(external);
      if (found?.meaning.event === "clip" && external.bound)
        return this.#boundClip(found, external.bound, call, statement, frame, scope);
      if (found) return this.#meaning(found.meaning, found.framework, call, statement, frame, scope);
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
      if (!meaning || (meaning.event === "step" && !this.#mayUpdate(meaning, call, frame, scope))) continue;
      if (scaled) return this.#meaning(scaled, framework, call, statement, frame, scope);
      // A function of a module (`loss.backward` is a method; `utils.backward` is not).
      if (
        meaning.event === "step" &&
        meaning.optimizer === "receiver" &&
        name === "step" &&
        !this.#stepsAnOptimizer(call, callee.object, externals, frame, scope)
      )
        return null;
      if (externals.some((external) => this.#isModuleMember(external))) break;
      return this.#meaning(meaning, framework, call, statement, frame, scope);
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
    if (call.arguments.length > 1) return false;
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
    const classified = this.#meaning(meaning, framework, whole, statement, frame, scope);
    if (classified?.kind !== "event" || classified.event.kind !== "clip") return classified;
    return { kind: "event", event: { ...classified.event, id: this.#id(call, frame), node: call, call } };
  }

  #clipSomehow(call: Call, statement: Statement, frame: Frame, scope: Scope): Classified {
    const framework = this.#frameworks[0];
    if (!framework || call.arguments.length === 0) return null;
    const meaning: Meaning = { event: "clip", kind: "unknown", parameters: null, threshold: null, unscales: true };
    return this.#meaning(meaning, framework, call, statement, frame, scope);
  }

  /** The optimizer is written in this very file: its `step` is an update, and it may clip in there. */
  #customStep(call: Call, statement: Statement, frame: Frame, scope: Scope): Classified {
    const { callee } = call;
    if (callee.kind !== "attribute") return null;
    const owners = this.#values.evaluate(callee.object, frame, scope).filter((value) => value.kind === "instance");
    const derived = owners.some(({ info }) => this.optimizers.isDerived(info));
    const framework = this.#frameworks.find((known) => known.optimizerMethods);
    const meaning = framework?.optimizerMethods?.step;
    return derived && framework && meaning ? this.#meaning(meaning, framework, call, statement, frame, scope) : null;
  }

  #meaning(
    meaning: Meaning,
    framework: Framework,
    call: Call,
    statement: Statement,
    frame: Frame,
    scope: Scope,
  ): Classified {
    const byHand = meaning.event === "step" && meaning.byHand === true;
    const argument = (place: { position: number | null; keyword: string | null } | null | undefined) =>
      place ? (argumentOf(call, place.position, place.keyword)?.value ?? null) : null;
    const optimizer = (place: OptimizerPlace | null | undefined) => {
      // A part of what the constructor returned, or a bound method under another name, leads to the constructor too.
      const called = call.callee.kind === "attribute" ? call.callee.object : call.callee;
      const node = place === "receiver" ? called : place === "result" ? call : argument(place);
      if (node && byHand) return withoutOptimizer(this.#values, node, frame, scope);
      return node ? this.optimizers.refer(node, frame, scope, framework) : null;
    };
    const reaches = (node: Expression) => this.#gradients.reach({ node, frame, scope });
    const flow = (from: GradientPlace | undefined) => {
      const given = from && gradientsOf(call, from.place);
      if (!given) return null;
      const node = byHand ? withoutRate(given, reaches) : given;
      return this.#gradients.trace({ node, frame, scope }, from.shape);
    };
    const base = { id: this.#id(call, frame), node: call, statement, frame, scope, framework };
    switch (meaning.event) {
      case "nothing":
        return null;
      case "runs": {
        const given = [argument(meaning.function), argument(meaning.otherwise)];
        const values = given.flatMap((node) => (node ? this.#values.evaluate(node, frame, scope) : []));
        const functions = values.filter((value) => value.kind === "function");
        return functions.length > 0 ? { kind: "inline", targets: functions, direct: false, hides: false } : null;
      }
      case "log":
        return { kind: "log", threshold: argument(meaning.threshold) };
      case "backward": {
        const receiver = call.callee.kind === "attribute" ? call.callee.object : null;
        return { kind: "event", event: { ...base, kind: "backward", receiver, inClosure: false } };
      }
      case "reduce": {
        const reduced = argument(meaning.gradients);
        return reduced && reachesGrad(reduced) ? { kind: "event", event: { ...base, kind: "reduce" } } : null;
      }
      case "rescale":
        return { kind: "event", event: { ...base, kind: "rescale" } };
      case "zero-grad":
        return { kind: "event", event: { ...base, kind: "zero-grad", cleared: optimizer("receiver") } };
      case "unscale":
        return { kind: "event", event: { ...base, kind: "unscale", optimizer: optimizer(meaning.optimizer) } };
      case "step": {
        const referred =
          optimizer(meaning.optimizer) ??
          this.#amongOptions(meaning.optimizer, call, frame, scope, framework) ??
          this.#madeByDefault(meaning, call, frame, scope);
        const trained = meaning.trains ? argument(meaning.trains.place) : null;
        const given = meaning.unlessGiven?.some((place) => argument(place) !== null) ?? false;
        const hidden = call.arguments.some(({ stars }) => stars === 2) && meaning.unlessGiven !== undefined;
        const told = meaning.told ? this.optimizers.told(meaning.told, call, frame, scope) : [];
        const opaque =
          given ||
          hidden ||
          told === "hidden" ||
          (meaning.trains !== undefined && !isPlain(this.#values, trained, meaning.trains.unless, frame, scope));
        const refused = meaning.trains?.refusesWithout;
        const refuses =
          refused && isFalse(this.#values, trained, refused.member, frame, scope) ? refused.because : null;
        if (!referred) return null;
        if (meaning.configures && !this.#isConfiguration(meaning, call, statement, frame, scope)) return null;
        const configured = refuses
          ? referred.configured.map((setting) => ({ ...setting, refused: setting.off ? null : refuses }))
          : [...referred.configured, ...(told === "hidden" ? [] : told)];
        const leftOut = meaning.configures !== undefined && configured.length === 0;
        const constructors =
          meaning.optimizer === "result" ? [{ call, frame, scope, name: nameOf(call, []) }] : referred.constructors;
        const stepped = { ...referred, constructors, configured, opaque: referred.opaque || opaque || leftOut };
        const model = call.callee.kind === "attribute" ? { node: call.callee.object, frame, scope } : null;
        if (meaning.runBy && !(model && this.optimizers.models.isRun(model, meaning.runBy))) return null;
        const scaler = meaning.scaled && call.callee.kind === "attribute" ? call.callee.object : null;
        const closure = argument(meaning.closure);
        if (!this.#mayUpdate(meaning, call, frame, scope)) return null;
        if (byHand && !this.#descends(meaning, call, frame, scope)) return null;
        return {
          kind: "event",
          event: {
            ...base,
            kind: "step",
            optimizer: stepped,
            gradients: flow(meaning.gradients),
            scaler,
            closure,
            managed: meaning.managed ?? false,
            byHand,
          },
        };
      }
      case "clip": {
        const gradients = flow(meaning.gradients);
        // The same functions clip whatever they are given.
        if (meaning.gradients && !gradients?.stored && !gradients?.made.size) return null;
        const byValue = argument(meaning.byValue);
        const value = byValue?.kind === "constant" ? null : byValue;
        return {
          kind: "event",
          event: {
            ...base,
            kind: "clip",
            how: value ? "value" : clipKind(this.#values, meaning, call, frame, scope),
            call,
            gradients,
            returnsNorm: meaning.returnsNorm ?? false,
            parameters: argument(meaning.parameters),
            threshold: value ?? argument(meaning.threshold) ?? this.#clipOption(meaning.threshold, call, frame, scope),
            zeroIsOff: meaning.off?.includes(0) ?? false,
            optimizer: optimizer(meaning.optimizer),
            unscales: meaning.unscales ?? false,
            raises: value ? null : argument(meaning.raises),
            raisesByDefault: !value && meaning.raisesByDefault === true,
            renamed: meaning.renamed ?? null,
          },
        };
      }
    }
  }

  /** What a module that does nothing but name values gives one of these names. */
  #isConfiguration(
    { configures: name = /^$/, configuresCalls: owners }: Step,
    call: Call,
    statement: Statement,
    frame: Frame,
    scope: Scope,
  ): boolean {
    const isGiven = (within: Expression): boolean =>
      (within.kind === "call" &&
        within.arguments.some(({ keyword, value }) => value === call && keyword !== null && name.test(keyword)) &&
        this.#values
          .evaluate(within.callee, frame, scope)
          .some((value) => value.kind === "external" && owners?.test(value.name))) ||
      childrenOf(within).some(isGiven);
    if (owners && expressionsOf(statement).some(isGiven)) return true;
    const { module, functions, classes } = this.#values.names;
    if (statement.kind !== "assign" || statement.value !== call || scope !== module) return false;
    if (functions.some(({ node }) => node.kind === "function") || classes.length > 0) return false;
    return statement.targets.some((target) => target.kind === "name" && name.test(target.id));
  }

  /** `clip_grad_norm_(parameters, **options)`. */
  #clipOption(place: ArgumentPlace | null, call: Call, frame: Frame, scope: Scope): Expression | null {
    const found = place && argumentThrough(this.#values, call, place, frame, scope);
    return found && found.frame === frame && found.scope === scope ? found.node : null;
  }

  /** `model.compile(**options)`. */
  #amongOptions(place: OptimizerPlace, call: Call, frame: Frame, scope: Scope, framework: Framework) {
    const found = typeof place === "string" ? null : argumentThrough(this.#values, call, place, frame, scope);
    return found && this.optimizers.refer(found.node, found.frame, found.scope, framework);
  }

  /** `model.compile(loss="mse")`, on what is known to be a model. */
  #madeByDefault({ orMakesOne: makers }: Step, call: Call, frame: Frame, scope: Scope): OptimizerRef | null {
    const { callee } = call;
    if (!makers || callee.kind !== "attribute") return null;
    // Without an optimizer, models are compiled to be evaluated, too: it has to be this very one that is trained.
    const variable = this.#values.variables.of(callee.object, frame, scope)?.variable;
    if (variable?.bindings.length !== 1) return null;
    const hidden = call.arguments.some(({ keyword, stars }) => keyword === null || stars !== 0);
    const made = hidden ? [] : this.#values.evaluate(callee.object, frame, scope);
    const isMaker = (value: Value): boolean => {
      if (value.kind === "external") return makers.test(value.name);
      return value.kind === "instance" && this.optimizers.derivesFrom(value.info, makers);
    };
    if (made.length === 0 || !made.every(isMaker)) return null;
    const built = { call, frame, scope, name: callee.name };
    return { ...withoutOptimizer(this.#values, callee, frame, scope), constructors: [built] };
  }

  /** Where gradients are values, an update is given some. */
  #mayUpdate({ gradients, onlyGradients }: Step, call: Call, frame: Frame, scope: Scope): boolean {
    if (!gradients) return true;
    const given = gradientsOf(call, gradients.place);
    if (!given || !onlyGradients) return given !== null;
    const receiver = call.callee.kind === "attribute" ? this.#values.evaluate(call.callee.object, frame, scope) : [];
    if (given.kind === "dict" || receiver.some(({ kind }) => kind === "elements" || kind === "literal")) return false;
    return this.#gradients.reach({ node: given, frame, scope });
  }

  /** The training's own step, and not one that a loss is taken after. */
  #descends({ subtracts: place }: Step, call: Call, frame: Frame, scope: Scope): boolean {
    const applied = place && argumentOf(call, place.position, place.keyword)?.value;
    const functions = applied ? this.#values.evaluate(applied, frame, scope) : [];
    if (place && !(functions.length > 0 && functions.every(subtracts))) return false;
    return !isDifferentiated(this.#values, scope, (name) =>
      this.#frameworks.some(({ calls }) => calls?.[`${name}()`]?.event === "backward"),
    );
  }

  #unknown(call: Call, statement: Statement, frame: Frame, scope: Scope): Classified {
    const framework = this.#frameworks[0];
    if (!framework) return null;
    return {
      kind: "event",
      event: { id: this.#id(call, frame), kind: "unknown", node: call, statement, frame, scope, framework },
    };
  }

  #id(node: object, frame: Frame): string {
    return `${this.#values.frames.id(node)}.${this.#values.frames.id(frame)}`;
  }
}

function gradientsOf(call: Call, place: GradientPlace["place"]): Expression | null {
  if (place !== "last") return argumentOf(call, place.position, place.keyword)?.value ?? null;
  return call.arguments.findLast(({ keyword, stars }) => keyword === null && stars === 0)?.value ?? null;
}

const byPlace = ({ keyword }: Argument) => keyword === null;
const byName = ({ keyword }: Argument) => keyword !== null;

const lastSegment = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** What is called, by the name that its own module gives it. */
function nameOf({ callee }: Call, values: readonly Value[]): string {
  const [value] = values;
  return callee.kind === "name" && value?.kind === "external" ? lastSegment(value.name) : lastPart(callee);
}
