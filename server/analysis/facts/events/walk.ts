/**
 * Walks the program the way it runs, calls within the file and into the modules around it inlined, and keeps for each way
 * through it the training events in their order. Loops are gone through twice, so that what the end of one iteration does to the next is seen.
 */
import type { Framework } from "../../frameworks/framework.ts";
import { type Block, blocksOf, type Call, childrenOf, type Expression, type Statement } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { dividesGrad } from "../names/by-hand.ts";
import { type Descent, descentsIn } from "../names/descents.ts";
import type { FunctionInfo, Scope } from "../names/scope.ts";
import type { CallPlace, Frame } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import { Accountant } from "./account.ts";
import { averages } from "./averages.ts";
import { callsInOrder, type Evaluated, evaluationOf, type Shaped, shapeOf } from "./calls.ts";
import type { Classifier } from "./classify.ts";
import { descends, withoutOptimizer } from "./descent.ts";
import { seenFrom, type Way } from "./elsewhere.ts";
import type { ClipEvent, Path, StepEvent, TrainingEvent } from "./events.ts";
import { outcomeOf } from "./given.ts";
import type { Classified } from "./meanings.ts";
import { join, type Outcome, passing, type Trails } from "./outcome.ts";
import { calledAs, type Relevant } from "./relevant.ts";
import { fewest, matters, merge, Trail } from "./trail.ts";

type Inlined = Extract<Classified, { kind: "inline" }>;

const MAX_CALL_DEPTH = 12;
export const BUDGET = 400_000;
/** For what stands in other modules; what it doesn't reach to is unknown. */
const BUDGET_ELSEWHERE = 20_000;
const MAX_EFFECTS = 8;

export class Walker {
  readonly #values: Values;
  readonly #classifier: Classifier;
  readonly #frameworks: readonly Framework[];
  readonly #relevant: Relevant;
  readonly accountant = new Accountant();
  readonly visited = new Set<FunctionInfo>();
  readonly #stack: FunctionInfo[] = [];
  /** Activations in which nothing happens: while no gradients wait for their update, and while some do. */
  readonly #idle: readonly [Set<Frame>, Set<Frame>] = [new Set(), new Set()];
  /** Counts events, and what was not followed to its end. */
  #happenings = 0;
  /** The lowest call on the stack that one further up depends on. */
  #cutAt = Number.POSITIVE_INFINITY;
  readonly #effects = new Map<string, readonly Path[]>();
  /** What is walked is only being summed up: its paths don't start where the program does. */
  #summing = false;
  #budget = BUDGET;
  #budgetElsewhere = BUDGET_ELSEWHERE;
  /** The call in this file that led into the module which is being walked. */
  #way: Way | null = null;
  #statement: Statement | null = null;
  #inClosure = false;
  readonly #descents = new Map<Statement, Descent>();
  /** The library whose gradients stay where a script may descend along them by itself. */
  readonly #descending: Framework | undefined;

  /** `relevant`: the names of calls that are worth a look. */
  constructor(values: Values, classifier: Classifier, frameworks: readonly Framework[], relevant: Relevant) {
    this.#values = values;
    this.#classifier = classifier;
    this.#frameworks = frameworks;
    this.#relevant = relevant;
    this.#descending = frameworks.find(({ descends }) => descends);
  }

  module(body: Block): void {
    this.#block(body, this.#values.frames.root, this.#values.names.module, [Trail.start()]);
  }

  /** A function that nothing was seen to call. */
  entry(info: FunctionInfo): void {
    this.#function(info, this.#values.frames.standalone(info), [Trail.start()]);
  }

  /** How many statements and calls were gone through. */
  get spent(): number {
    return BUDGET - this.#budget;
  }

  #function(info: FunctionInfo, frame: Frame, trails: Trails): Trails {
    this.visited.add(info);
    const idle = this.#idle[isPending(trails) ? 1 : 0];
    if (idle.has(frame)) return trails;
    if (this.#stack.includes(info) || this.#stack.length >= MAX_CALL_DEPTH) return this.#cut(info, trails);
    this.#stack.push(info);
    const before = this.#happenings;
    const outer = this.#statement;
    try {
      if (info.node.kind === "lambda") return this.#expression(info.node.body, frame, info.scope, trails);
      const { next, returned } = this.#block(info.node.body, frame, info.scope, trails);
      const left = merge(next, returned);
      return left.length > 0 ? left : trails;
    } finally {
      this.#stack.pop();
      this.#statement = outer;
      if (this.#happenings === before) idle.add(frame);
    }
  }

  /** Recursion adds nothing; what lies too deep may do anything. */
  #cut(info: FunctionInfo, trails: Trails): Trails {
    this.#happenings += 1;
    const at = this.#stack.indexOf(info);
    this.#cutAt = Math.min(this.#cutAt, Math.max(at, 0));
    return at === -1 ? this.#unseen(trails) : trails;
  }

  #block(block: Block, frame: Frame, scope: Scope, trails: Trails): Outcome {
    let next = trails;
    let returned: Trails = [];
    let broken: Trails = [];
    let continued: Trails = [];
    for (const statement of block) {
      if (next.length === 0) break;
      if (!this.#spend()) {
        next = this.#unseen(next);
        break;
      }
      const outcome = this.#one(statement, frame, scope, next);
      next = outcome.next;
      returned = merge(returned, outcome.returned);
      broken = merge(broken, outcome.broken);
      continued = merge(continued, outcome.continued);
    }
    return { next, returned, broken, continued };
  }

  #one(statement: Statement, frame: Frame, scope: Scope, before: Trails): Outcome {
    this.#statement = statement;
    if (statement.kind === "function") return passing(before);
    if (statement.kind === "class") return this.#block(statement.body, frame, scope, before);
    let trails = before;
    // What can still be read after a syntax error comes after who knows what.
    if (statement.kind === "other" && statement.broken)
      trails = this.#append(trails, this.#unreadable(statement, frame, scope));
    const descent = this.#descents.get(statement);
    if (descent && this.#descending && descends(this.#values, descent, frame, scope))
      return passing(this.#append(trails, this.#seen(this.#descent(descent, this.#descending, frame, scope))));
    const { expressions, byHand } = evaluationOf(statement);
    for (const evaluated of expressions) trails = this.#evaluated(evaluated, frame, scope, trails);
    this.#statement = statement;
    switch (statement.kind) {
      case "return":
        return { ...passing([]), returned: trails };
      case "jump":
        if (statement.type === "raise") return passing([]);
        return { ...passing([]), [statement.type === "break" ? "broken" : "continued"]: trails };
      case "assign":
      case "augment":
        if (byHand?.does === "zero") return passing(this.#append(trails, this.#zeroing(byHand.value, frame, scope)));
        if (byHand?.does === "hand-on")
          return passing(
            this.#append(trails, this.#seen({ ...this.#base(byHand.value, frame, scope), kind: "hand-on" })),
          );
        return passing(byHand ? this.#byHand(byHand.value, frame, scope, trails) : trails);
      case "if":
      case "match":
        return this.#branches(statement, frame, scope, trails);
      case "for":
      case "while":
        return this.#loop(statement, frame, scope, trails);
      case "try":
        return this.#try(statement, frame, scope, trails);
      case "other":
        return this.#block(statement.body, frame, scope, trails);
      case "with":
        return this.#block(statement.body, frame, scope, trails);
      default:
        return passing(trails);
    }
  }

  #branches(statement: Statement & { kind: "if" | "match" }, frame: Frame, scope: Scope, trails: Trails): Outcome {
    const outcome = statement.kind === "if" ? outcomeOf(this.#values, statement.test, frame, scope) : null;
    const blocks = blocksOf(statement).filter((_, index) => outcome === null || outcome === (index === 0));
    const outcomes = blocks.map((block) => this.#block(block, frame, scope, trails));
    if (statement.kind === "match") outcomes.push(passing(trails));
    return outcomes.reduce(join, passing([]));
  }

  #loop(statement: Statement & { kind: "for" | "while" }, frame: Frame, scope: Scope, trails: Trails): Outcome {
    if (statement.kind === "for")
      for (const [update, descent] of descentsIn(statement)) this.#descents.set(update, descent);
    const once = this.#block(statement.body, frame, scope, trails);
    const around = merge(once.next, once.continued);
    const twice =
      around.length > 0 && !same(around, trails) ? this.#block(statement.body, frame, scope, around) : passing([]);
    const done = merge(merge(around, twice.next), twice.continued);
    const after = this.#block(statement.otherwise, frame, scope, done.length > 0 ? done : trails);
    return {
      next: merge(merge(after.next, once.broken), twice.broken),
      returned: merge(merge(once.returned, twice.returned), after.returned),
      broken: after.broken,
      continued: after.continued,
    };
  }

  #try(statement: Statement & { kind: "try" }, frame: Frame, scope: Scope, trails: Trails): Outcome {
    const body = this.#block(statement.body, frame, scope, trails);
    const after = this.#block(statement.otherwise, frame, scope, body.next);
    let outcome: Outcome = {
      next: after.next,
      returned: merge(body.returned, after.returned),
      broken: merge(body.broken, after.broken),
      continued: merge(body.continued, after.continued),
    };
    for (const handler of statement.handlers) outcome = join(outcome, this.#block(handler, frame, scope, trails));
    const final = this.#block(statement.final, frame, scope, outcome.next);
    return join({ ...outcome, next: [] }, final);
  }

  #expression(expression: Expression, frame: Frame, scope: Scope, before: Trails): Trails {
    return this.#evaluated({ expression, calls: callsInOrder(expression) }, frame, scope, before);
  }

  #evaluated({ expression, calls }: Evaluated, frame: Frame, scope: Scope, before: Trails): Trails {
    let trails = before;
    if (calls) {
      for (const call of calls) trails = this.#call(call, frame, scope, trails);
      return trails;
    }
    switch (expression.kind) {
      case "call": {
        const callee = expression.callee;
        if (callee.kind === "attribute") trails = this.#expression(callee.object, frame, scope, trails);
        for (const argument of expression.arguments) trails = this.#expression(argument.value, frame, scope, trails);
        return this.#call(shapeOf(expression), frame, scope, trails);
      }
      case "conditional": {
        const tested = this.#expression(expression.test, frame, scope, trails);
        return merge(
          this.#expression(expression.body, frame, scope, tested),
          this.#expression(expression.otherwise, frame, scope, tested),
        );
      }
      case "binary": {
        const left = this.#expression(expression.left, frame, scope, trails);
        const right = this.#expression(expression.right, frame, scope, left);
        return expression.operator === "and" || expression.operator === "or" ? merge(left, right) : right;
      }
      case "lambda":
        return trails;
      case "comprehension": {
        const inner = this.#values.scopeOf(expression, scope);
        for (const child of childrenOf(expression)) trails = this.#expression(child, frame, inner, trails);
        return trails;
      }
      case "other":
        for (const child of expression.children) trails = this.#expression(child, frame, scope, trails);
        return expression.broken ? this.#append(trails, this.#unreadable(expression, frame, scope)) : trails;
      default:
        for (const child of childrenOf(expression)) trails = this.#expression(child, frame, scope, trails);
        return trails;
    }
  }

  #call({ call, name, changes, zeroes }: Shaped, frame: Frame, scope: Scope, trails: Trails): Trails {
    const statement = this.#statement;
    if (!statement || !this.#spend()) return trails;
    if (changes) return this.#byHand(call, frame, scope, trails);
    if (zeroes) return this.#append(trails, this.#zeroing(call, frame, scope));
    const pending = isPending(trails);
    if (name !== "" && !pending && !this.#relevant.has(name) && !this.#aliased(call, scope)) return trails;
    const found = this.#classifier.classify(call, statement, frame, scope, pending);
    const mayRun = pending && (!found || found.kind === "inline") && this.#isGivenTraining(call, frame, scope);
    if (!found) {
      if (!mayRun) return trails;
      return this.#append(trails, this.#seen({ ...this.#base(call, frame, scope), kind: "unknown" }));
    }
    if (found.kind === "log") {
      if (!this.#way) this.accountant.log({ node: call, frame, scope, call, threshold: found.threshold });
      return trails;
    }
    if (found.kind === "inline")
      return this.#inline({ ...found, hides: found.hides || mayRun }, { call, frame, scope }, trails);
    if (found.event.kind === "step") return this.#step(found.event, trails);
    const event = this.#seen(found.event);
    if (event.kind === "backward" && this.#inClosure)
      return this.#append(trails, { ...event, id: `${event.id} in closure`, inClosure: true });
    return this.#append(trails, event);
  }

  /** A name bound to something callable (`step = optimizer.step`, `train_step = jax.jit(train_step)`). */
  #aliased(call: Call, scope: Scope): boolean {
    if (call.callee.kind !== "name") return false;
    const bindings = scope.lookup(call.callee.id)?.bindings ?? [];
    return bindings.some(
      (binding) =>
        (binding.kind === "value" &&
          (binding.value.kind === "attribute" ||
            binding.value.kind === "lambda" ||
            (binding.value.kind === "call" && this.#classifier.makesCallables(lastPart(binding.value.callee))))) ||
        (binding.kind === "import" && this.#relevant.has(lastSegment(binding.name))),
    );
  }

  /** Whether a function that has to do with training is handed on: what is called may call it. */
  #isGivenTraining(call: Call, frame: Frame, scope: Scope): boolean {
    return call.arguments.some(({ value }) => {
      if (value.kind !== "name" && value.kind !== "attribute") return false;
      if (!this.#relevant.has(lastPart(value))) return false;
      return this.#values.evaluate(value, frame, scope).some((given) => given.kind === "function");
    });
  }

  #inline({ targets, direct, hides }: Inlined, place: CallPlace, trails: Trails): Trails {
    let after: Trails = [];
    for (const target of targets) {
      const { info } = target;
      const matters = this.#relevant.has(calledAs(info)) || info.name === "<lambda>";
      // Names are no proof for a module that nobody here wrote the calls for.
      const looked = matters || (hides && !this.#values.imports.isHere(info.scope));
      const inner = this.#values.frames.enter(target, direct ? place : null);
      after = merge(after, looked ? this.#enter(info, inner, place, trails) : trails);
    }
    return after;
  }

  /** Follows a call, into another module or back from it. */
  #enter(info: FunctionInfo, frame: Frame, { call, ...place }: CallPlace, trails: Trails): Trails {
    const outer = this.#way;
    const statement = this.#statement as Statement;
    this.#way = this.#values.imports.isHere(info.scope) ? null : (outer ?? { ...place, node: call, statement });
    const after = this.#way
      ? merge([true, false].flatMap((pending) => this.#through(info, frame, pending, trails)))
      : this.#function(info, frame, trails);
    this.#way = outer;
    return after;
  }

  /** Those of the trails on which gradients wait for their update, or those on which none do. */
  #through(info: FunctionInfo, frame: Frame, pending: boolean, trails: Trails): Trail[] {
    const those = trails.filter((trail) => trail.pending === pending);
    if (those.length === 0) return [];
    const effects = this.#effectsOf(info, frame, pending);
    if (effects.some((events) => events.length > 0)) this.#happenings += 1;
    return those.flatMap((trail) =>
      effects.map((events) => events.reduce((at, event) => this.#happen(at, event), trail)),
    );
  }

  /** What happens in a function of another module, worked out once for all the trails that come to it. */
  #effectsOf(info: FunctionInfo, frame: Frame, pending: boolean): readonly Path[] {
    const { id } = this.#values.frames;
    const way = this.#way ? id.call(this.#values.frames, this.#way.node) : "";
    const key = `${id.call(this.#values.frames, frame)} ${way} ${pending} ${this.#inClosure}`;
    const known = this.#effects.get(key);
    if (known) return known;
    const outer = { summing: this.#summing, cutAt: this.#cutAt };
    this.#summing = true;
    this.#cutAt = Number.POSITIVE_INFINITY;
    const after = this.#function(info, frame, [Trail.start(pending)]);
    this.#summing = outer.summing;
    const effects = fewest(after, MAX_EFFECTS).map(({ path }) => path);
    // What is cut short by a call that led here isn't all that happens.
    if (this.#cutAt >= this.#stack.length) this.#effects.set(key, effects);
    this.#cutAt = Math.min(this.#cutAt, outer.cutAt);
    return effects;
  }

  #step(taken: StepEvent, before: Trails): Trails {
    let trails = before;
    const { closure: given, frame, scope } = taken;
    if (given)
      for (const closure of this.#values.evaluate(given, frame, scope))
        if (closure.kind === "function") {
          const outer = this.#inClosure;
          this.#inClosure = true;
          const place = { call: taken.node as Call, frame, scope };
          trails = this.#enter(closure.info, this.#values.frames.enter(closure, null), place, trails);
          this.#inClosure = outer;
        }
    return this.#append(trails, this.#seen(taken));
  }

  #spend(): boolean {
    return this.#way ? this.#budgetElsewhere-- > 0 : this.#budget-- > 0;
  }

  /** The event as this file sees it. */
  #seen<Event extends TrainingEvent>(event: Event): Event {
    return this.#way ? (seenFrom(this.#way, event) as Event) : event;
  }

  /** What was not followed into another module may do anything; in the file itself, the budget decides at the end. */
  #unseen(trails: Trails): Trails {
    if (!this.#way) return trails;
    const { node, frame, scope, statement } = this.#way;
    return this.#append(trails, { ...this.#base(node, frame, scope), statement, kind: "unknown" });
  }

  #append(trails: Trails, event: TrainingEvent): Trails {
    if (matters(event, isPending(trails))) this.#happenings += 1;
    return merge(trails.map((trail) => this.#happen(trail, event)));
  }

  #happen(trail: Trail, event: TrainingEvent): Trail {
    if (!this.#summing) this.accountant.note(trail, event);
    return event.kind === "step" ? trail.stepped(event) : trail.append(event);
  }

  /** Some gradients are zeroed by hand; which, can't be told. */
  #zeroing(node: Expression, frame: Frame, scope: Scope): TrainingEvent {
    return this.#seen({ ...this.#base(node, frame, scope), kind: "zero-grad", cleared: null });
  }

  /** An update of everything that its loop goes through, in whose place something may be done to all gradients. */
  #descent({ node, loop, through }: Descent, framework: Framework, frame: Frame, scope: Scope): StepEvent {
    return {
      ...this.#base(node, frame, scope),
      kind: "step",
      statement: loop,
      framework,
      optimizer: withoutOptimizer(this.#values, through, frame, scope),
      gradients: null,
      scaler: null,
      closure: null,
      managed: false,
      runs: [],
      byHand: true,
    };
  }

  #byHand(node: Expression, frame: Frame, scope: Scope, trails: Trails): Trails {
    const event = this.#handEvent(node, frame, scope);
    if (averages(this.#values, node, this.#statement as Statement, frame, scope))
      return this.#append(trails, this.#seen({ ...this.#base(node, frame, scope), kind: "average" }));
    const divides = dividesGrad(node, event.statement);
    // A sum over the processes that is divided is their mean, and clips nothing.
    const acts = trails.filter((trail) => !divides || trail.event?.kind !== "reduce");
    return merge(
      trails.filter((trail) => !acts.includes(trail)),
      this.#append(acts, event),
    );
  }

  #handEvent(node: Expression, frame: Frame, scope: Scope): TrainingEvent {
    const event: ClipEvent = {
      ...this.#base(node, frame, scope),
      kind: "clip",
      how: "by-hand",
      call: null,
      gradients: null,
      returnsNorm: false,
      parameters: null,
      threshold: null,
      zeroIsOff: false,
      optimizer: null,
      unscales: false,
      raises: null,
      raisesByDefault: false,
      renamed: null,
    };
    return this.#seen(event);
  }

  #unreadable(node: Expression | Statement, frame: Frame, scope: Scope): TrainingEvent {
    const at: Expression = {
      anchor: node.anchor,
      start: node.start,
      end: node.end,
      kind: "other",
      broken: true,
      children: [],
    };
    return this.#seen({
      ...this.#base(at, frame, scope),
      id: `broken ${this.#values.frames.id(node)}`,
      kind: "unknown",
    });
  }

  #base(node: Expression, frame: Frame, scope: Scope) {
    const statement = this.#statement as Statement;
    const framework = this.#frameworks[0] as Framework;
    return {
      id: `${this.#values.frames.id(node)}.${this.#values.frames.id(frame)}`,
      node,
      statement,
      frame,
      scope,
      framework,
    };
  }
}

const lastSegment = (name: string) => name.slice(name.lastIndexOf(".") + 1);
const isPending = (trails: Trails) => trails.some(({ pending }) => pending);
const same = (a: Trails, b: Trails) => a.length === b.length && a.every((trail, i) => trail === b[i]);
