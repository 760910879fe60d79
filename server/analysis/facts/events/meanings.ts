/** What a meaning in a framework's table comes to at one call: a training event, with what the call is given. */
import type { ArgumentPlace, Framework, GradientPlace, Meaning, OptimizerPlace } from "../../frameworks/framework.ts";
import { type Call, childrenOf, type Expression, expressionsOf, type Statement } from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import { reachesGrad } from "../names/by-hand.ts";
import { argumentThrough } from "../values/passed.ts";
import type { CallPlace, Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import { clipKind } from "./clip-settings.ts";
import { isDifferentiated, subtracts, withoutOptimizer, withoutRate } from "./descent.ts";
import type { OptimizerRef, TrainingEvent } from "./events.ts";
import { Gradients } from "./gradients.ts";
import type { Optimizers } from "./optimizers.ts";
import { isFalse, isPlain } from "./trained.ts";

type Step = Meaning & { event: "step" };
type Clip = Meaning & { event: "clip" };

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

/** A call, and the statement that it stands in. */
export interface CallIn extends CallPlace {
  readonly statement: Statement;
}

export class Meanings {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];
  readonly #optimizers: Optimizers;
  readonly #gradients: Gradients;

  constructor(values: Values, frameworks: readonly Framework[], optimizers: Optimizers) {
    this.#values = values;
    this.#frameworks = frameworks;
    this.#optimizers = optimizers;
    this.#gradients = new Gradients(values, frameworks, optimizers);
  }

  at(meaning: Meaning, framework: Framework, at: CallIn): Classified {
    const { call, frame, scope } = at;
    const argument = (place: ArgumentPlace | null | undefined) => argumentAt(call, place);
    const found = (event: TrainingEvent | null): Classified => event && { kind: "event", event };
    const base = this.base(framework, at);
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
      case "backward":
        return found({ ...base, kind: "backward", receiver: receiverOf(call), inClosure: false });
      case "reduce": {
        const reduced = argument(meaning.gradients);
        return found(reduced && reachesGrad(reduced) ? { ...base, kind: "reduce" } : null);
      }
      case "rescale":
        return found({ ...base, kind: "rescale" });
      case "zero-grad":
        return found({ ...base, kind: "zero-grad", cleared: this.#optimizer("receiver", framework, at) });
      case "unscale":
        return found({ ...base, kind: "unscale", optimizer: this.#optimizer(meaning.optimizer, framework, at) });
      case "step":
        return found(this.#step(meaning, framework, at));
      case "clip":
        return found(this.#clip(meaning, framework, at));
    }
  }

  /** What every event at a call has. */
  base(framework: Framework, { call, statement, frame, scope }: CallIn) {
    const { frames } = this.#values;
    return { id: `${frames.id(call)}.${frames.id(frame)}`, node: call, statement, frame, scope, framework };
  }

  /** Where gradients are values, an update is given some. */
  mayUpdate({ gradients, onlyGradients }: Step, { call, frame, scope }: CallPlace): boolean {
    if (!gradients) return true;
    const given = gradientsOf(call, gradients.place);
    if (!given || !onlyGradients) return given !== null;
    const object = receiverOf(call);
    const receiver = object ? this.#values.evaluate(object, frame, scope) : [];
    if (given.kind === "dict" || receiver.some(({ kind }) => kind === "elements" || kind === "literal")) return false;
    return this.#gradients.reach({ node: given, frame, scope });
  }

  #step(meaning: Step, framework: Framework, at: CallIn): TrainingEvent | null {
    const { call, frame, scope } = at;
    const { trains } = meaning;
    const byHand = meaning.byHand === true;
    const referred =
      (byHand ? this.#updated(meaning.optimizer, at) : this.#optimizer(meaning.optimizer, framework, at)) ??
      this.#amongOptions(meaning.optimizer, framework, at) ??
      this.#madeByDefault(meaning, at);
    if (!referred) return null;
    if (meaning.configures && !this.#isConfiguration(meaning, at)) return null;
    const receiver = receiverOf(call);
    const model = receiver && { node: receiver, frame, scope };
    const runs = meaning.runBy ? model && this.#optimizers.models.runsOf(model, meaning.runBy) : [];
    if (!runs) return null;
    if (!this.mayUpdate(meaning, at)) return null;
    if (byHand && !this.#descends(meaning, at)) return null;

    const trained = argumentAt(call, trains?.place);
    const given = meaning.unlessGiven?.some((place) => argumentAt(call, place) !== null) ?? false;
    const hidden = call.arguments.some(({ stars }) => stars === 2) && meaning.unlessGiven !== undefined;
    const told = meaning.told ? this.#optimizers.told(meaning.told, call, frame, scope) : [];
    const ownUpdate = trains !== undefined && !isPlain(this.#values, trained, trains.unless, frame, scope);
    const refused = trains?.refusesWithout;
    const refuses = refused && isFalse(this.#values, trained, refused.member, frame, scope) ? refused.because : null;
    const configured = refuses
      ? referred.configured.map((setting) => ({ ...setting, refused: setting.off ? null : refuses }))
      : [...referred.configured, ...(told === "hidden" ? [] : told)];
    const leftOut = meaning.configures !== undefined && configured.length === 0;
    const opaque = referred.opaque || given || hidden || told === "hidden" || ownUpdate || leftOut;
    const constructors =
      meaning.optimizer === "result" ? [{ call, frame, scope, name: lastPart(call.callee) }] : referred.constructors;
    return {
      ...this.base(framework, at),
      kind: "step",
      optimizer: { ...referred, constructors, configured, opaque },
      gradients: this.#flow(meaning.gradients, byHand, at),
      scaler: meaning.scaled ? receiver : null,
      closure: argumentAt(call, meaning.closure),
      managed: meaning.managed ?? false,
      runs,
      byHand,
    };
  }

  #clip(meaning: Clip, framework: Framework, at: CallIn): TrainingEvent | null {
    const { call, frame, scope } = at;
    const gradients = this.#flow(meaning.gradients, false, at);
    // The same functions clip whatever they are given.
    if (meaning.gradients && !gradients?.stored && !gradients?.made.size) return null;
    const byValue = argumentAt(call, meaning.byValue);
    const value = byValue?.kind === "constant" ? null : byValue;
    return {
      ...this.base(framework, at),
      kind: "clip",
      how: value ? "value" : clipKind(this.#values, meaning, call, frame, scope),
      call,
      gradients,
      returnsNorm: meaning.returnsNorm ?? false,
      parameters: argumentAt(call, meaning.parameters),
      threshold: value ?? argumentAt(call, meaning.threshold) ?? this.#clipOption(meaning.threshold, at),
      zeroIsOff: meaning.off?.includes(0) ?? false,
      optimizer: this.#optimizer(meaning.optimizer, framework, at),
      unscales: meaning.unscales ?? false,
      raises: value ? null : argumentAt(call, meaning.raises),
      raisesByDefault: !value && meaning.raisesByDefault === true,
      renamed: meaning.renamed ?? null,
    };
  }

  #optimizer(place: OptimizerPlace | null | undefined, framework: Framework, { call, frame, scope }: CallPlace) {
    const node = optimizerAt(call, place);
    return node && this.#optimizers.refer(node, frame, scope, framework);
  }

  /** What a step by hand updates. */
  #updated(place: OptimizerPlace, { call, frame, scope }: CallPlace): OptimizerRef | null {
    const node = optimizerAt(call, place);
    return node && withoutOptimizer(this.#values, node, frame, scope);
  }

  /** How the gradients that a call is given came to it. */
  #flow(from: GradientPlace | undefined, byHand: boolean, { call, frame, scope }: CallPlace) {
    const given = from && gradientsOf(call, from.place);
    if (!given) return null;
    const reaches = (node: Expression) => this.#gradients.reach({ node, frame, scope });
    const node = byHand ? withoutRate(given, reaches) : given;
    return this.#gradients.trace({ node, frame, scope }, from.shape);
  }

  /** What a module that does nothing but name values gives one of these names. */
  #isConfiguration(
    { configures: name = /^$/, configuresCalls: owners }: Step,
    { call, statement, frame, scope }: CallIn,
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
  #clipOption(place: ArgumentPlace | null, { call, frame, scope }: CallPlace): Expression | null {
    const found = place && argumentThrough(this.#values, call, place, frame, scope);
    return found && found.frame === frame && found.scope === scope ? found.node : null;
  }

  /** `model.compile(**options)`. */
  #amongOptions(place: OptimizerPlace, framework: Framework, { call, frame, scope }: CallPlace) {
    const found = typeof place === "string" ? null : argumentThrough(this.#values, call, place, frame, scope);
    return found && this.#optimizers.refer(found.node, found.frame, found.scope, framework);
  }

  /** `model.compile(loss="mse")`, on what is known to be a model. */
  #madeByDefault({ orMakesOne: makers }: Step, { call, frame, scope }: CallPlace): OptimizerRef | null {
    const { callee } = call;
    if (!makers || callee.kind !== "attribute") return null;
    // Without an optimizer, models are compiled to be evaluated, too: it has to be this very one that is trained.
    const variable = this.#values.variables.of(callee.object, frame, scope)?.variable;
    if (variable?.bindings.length !== 1) return null;
    const hidden = call.arguments.some(({ keyword, stars }) => keyword === null || stars !== 0);
    const made = hidden ? [] : this.#values.evaluate(callee.object, frame, scope);
    const isMaker = (value: Value): boolean => {
      if (value.kind === "external") return makers.test(value.name);
      return value.kind === "instance" && this.#optimizers.derivesFrom(value.info, makers);
    };
    if (made.length === 0 || !made.every(isMaker)) return null;
    const built = { call, frame, scope, name: callee.name };
    return { ...withoutOptimizer(this.#values, callee, frame, scope), constructors: [built] };
  }

  /** The training's own step, and not one that a loss is taken after. */
  #descends({ subtracts: place }: Step, { call, scope, frame }: CallPlace): boolean {
    const applied = argumentAt(call, place);
    const functions = applied ? this.#values.evaluate(applied, frame, scope) : [];
    if (place && !(functions.length > 0 && functions.every(subtracts))) return false;
    return !isDifferentiated(this.#values, scope, (name) =>
      this.#frameworks.some(({ calls }) => calls?.[`${name}()`]?.event === "backward"),
    );
  }
}

const receiverOf = ({ callee }: Call): Expression | null => (callee.kind === "attribute" ? callee.object : null);

const argumentAt = (call: Call, place: ArgumentPlace | null | undefined): Expression | null =>
  place ? (argumentOf(call, place.position, place.keyword)?.value ?? null) : null;

function optimizerAt(call: Call, place: OptimizerPlace | null | undefined): Expression | null {
  // A part of what the constructor returned, or a bound method under another name, leads to the constructor too.
  if (place === "receiver") return receiverOf(call) ?? call.callee;
  return place === "result" ? call : argumentAt(call, place);
}

function gradientsOf(call: Call, place: GradientPlace["place"]): Expression | null {
  if (place !== "last") return argumentAt(call, place);
  return call.arguments.findLast(({ keyword, stars }) => keyword === null && stars === 0)?.value ?? null;
}
