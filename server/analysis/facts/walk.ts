/**
 * Walks the program the way it runs, calls within the file inlined, and keeps for each way through it the training events
 * in their order. Loops are gone through twice, so that what the end of one iteration does to the next is seen.
 */
import type { Framework } from "../frameworks/framework.ts";
import {
  type Block,
  blocksOf,
  type Call,
  childrenOf,
  type Expression,
  expressionsOf,
  rangeOf,
  type Statement,
} from "../syntax/ast.ts";
import type { Classifier } from "./classify.ts";
import type { ClipEvent, ClipSite, LogSite, Path, StepEvent, TrainingEvent, UpdateSite } from "./events.ts";
import { overlap } from "./parameters.ts";
import { type FunctionInfo, lastPart, type Scope } from "./scope.ts";
import type { Frame, Value, Values } from "./values.ts";

const MAX_PATHS = 32;
const MAX_EVENTS = 40;
const MAX_CALL_DEPTH = 12;
const BUDGET = 400_000;

interface Outcome {
  readonly next: Path[];
  readonly returned: Path[];
  readonly broken: Path[];
  readonly continued: Path[];
}

export interface Account {
  readonly updates: UpdateSite[];
  readonly clips: ClipSite[];
  readonly logs: LogSite[];
}

export class Walker {
  readonly #values: Values;
  readonly #classifier: Classifier;
  readonly #frameworks: readonly Framework[];
  readonly #relevant: ReadonlySet<string>;
  readonly #updates = new Map<string, { step: StepEvent; paths: Map<string, Path> }>();
  readonly #clips = new Map<string, { clip: ClipEvent; paths: Map<string, Path> }>();
  readonly #logs = new Map<Call, LogSite>();
  readonly #visited = new Set<FunctionInfo>();
  readonly #stack: FunctionInfo[] = [];
  #budget = BUDGET;
  #statement: Statement | null = null;

  constructor(values: Values, classifier: Classifier, frameworks: readonly Framework[]) {
    this.#values = values;
    this.#classifier = classifier;
    this.#frameworks = frameworks;
    this.#relevant = relevantNames(values, classifier);
  }

  walk(body: Block): Account {
    this.#block(body, this.#values.root, this.#values.names.module, [[]]);
    // What nothing here calls is an entry point; callers before the called, so that helpers are seen in their context.
    const rest = this.#values.names.functions.filter(
      (info) => info.node.kind === "function" && this.#relevant.has(info.name),
    );
    const called = (info: FunctionInfo) => this.#values.callersOf(info.scope).length > 0;
    for (const info of [...rest.filter((f) => !called(f)), ...rest.filter(called)])
      if (!this.#visited.has(info)) this.#function(info, this.#values.standalone(info), [[]]);
    // Out of budget, paths are missing: nothing may be concluded from what was seen.
    if (this.#budget <= 0) return { updates: [], clips: [], logs: [...this.#logs.values()] };
    return {
      updates: [...this.#updates.values()].map(({ step, paths }) => ({ step, paths: [...paths.values()] })),
      clips: [...this.#clips.values()].map(({ clip, paths }) => ({ clip, paths: [...paths.values()] })),
      logs: [...this.#logs.values()],
    };
  }

  #function(info: FunctionInfo, frame: Frame, paths: Path[]): Path[] {
    this.#visited.add(info);
    if (this.#stack.includes(info) || this.#stack.length >= MAX_CALL_DEPTH) return paths;
    this.#stack.push(info);
    const outer = this.#statement;
    try {
      if (info.node.kind === "lambda") return this.#expression(info.node.body, frame, info.scope, paths);
      const { next, returned } = this.#block(info.node.body, frame, info.scope, paths);
      const left = merge(next, returned);
      return left.length > 0 ? left : paths;
    } finally {
      this.#stack.pop();
      this.#statement = outer;
    }
  }

  #block(block: Block, frame: Frame, scope: Scope, paths: Path[]): Outcome {
    let next = paths;
    let returned: Path[] = [];
    let broken: Path[] = [];
    let continued: Path[] = [];
    for (const statement of block) {
      if (next.length === 0 || this.#budget-- <= 0) break;
      const outcome = this.#one(statement, frame, scope, next);
      next = outcome.next;
      returned = merge(returned, outcome.returned);
      broken = merge(broken, outcome.broken);
      continued = merge(continued, outcome.continued);
    }
    return { next, returned, broken, continued };
  }

  #one(statement: Statement, frame: Frame, scope: Scope, before: Path[]): Outcome {
    this.#statement = statement;
    if (statement.kind === "function") return passing(before);
    if (statement.kind === "class") return this.#block(statement.body, frame, scope, before);
    let paths = before;
    // What can still be read after a syntax error comes after who knows what.
    if (statement.kind === "other" && statement.broken)
      paths = this.#append(paths, this.#unreadable(statement, frame, scope));
    for (const expression of expressionsOf(statement)) paths = this.#expression(expression, frame, scope, paths);
    this.#statement = statement;
    switch (statement.kind) {
      case "return":
        return { ...passing([]), returned: paths };
      case "jump":
        if (statement.type === "raise") return passing([]);
        return { ...passing([]), [statement.type === "break" ? "broken" : "continued"]: paths };
      case "assign":
      case "augment":
        return passing(this.#byHand(statement, frame, scope, paths));
      case "if":
      case "match":
        return this.#branches(statement, frame, scope, paths);
      case "for":
      case "while":
        return this.#loop(statement, frame, scope, paths);
      case "try":
        return this.#try(statement, frame, scope, paths);
      case "other":
        return this.#block(statement.body, frame, scope, paths);
      case "with":
        return this.#block(statement.body, frame, scope, paths);
      default:
        return passing(paths);
    }
  }

  #branches(statement: Statement & { kind: "if" | "match" }, frame: Frame, scope: Scope, paths: Path[]): Outcome {
    const blocks = blocksOf(statement);
    const outcomes = blocks.map((block) => this.#block(block, frame, scope, paths));
    if (statement.kind === "match") outcomes.push(passing(paths));
    return outcomes.reduce(join, passing([]));
  }

  #loop(statement: Statement & { kind: "for" | "while" }, frame: Frame, scope: Scope, paths: Path[]): Outcome {
    const once = this.#block(statement.body, frame, scope, paths);
    const around = merge(once.next, once.continued);
    const twice =
      around.length > 0 && !same(around, paths) ? this.#block(statement.body, frame, scope, around) : passing([]);
    const done = merge(merge(around, twice.next), twice.continued);
    const after = this.#block(statement.otherwise, frame, scope, done.length > 0 ? done : paths);
    return {
      next: merge(merge(after.next, once.broken), twice.broken),
      returned: merge(merge(once.returned, twice.returned), after.returned),
      broken: after.broken,
      continued: after.continued,
    };
  }

  #try(statement: Statement & { kind: "try" }, frame: Frame, scope: Scope, paths: Path[]): Outcome {
    const body = this.#block(statement.body, frame, scope, paths);
    const after = this.#block(statement.otherwise, frame, scope, body.next);
    let outcome: Outcome = {
      next: after.next,
      returned: merge(body.returned, after.returned),
      broken: merge(body.broken, after.broken),
      continued: merge(body.continued, after.continued),
    };
    for (const handler of statement.handlers) outcome = join(outcome, this.#block(handler, frame, scope, paths));
    const final = this.#block(statement.final, frame, scope, outcome.next);
    return join({ ...outcome, next: [] }, final);
  }

  #expression(expression: Expression, frame: Frame, scope: Scope, before: Path[]): Path[] {
    let paths = before;
    switch (expression.kind) {
      case "call": {
        const callee = expression.callee;
        if (callee.kind === "attribute") paths = this.#expression(callee.object, frame, scope, paths);
        for (const argument of expression.arguments) paths = this.#expression(argument.value, frame, scope, paths);
        return this.#call(expression, frame, scope, paths);
      }
      case "conditional": {
        const tested = this.#expression(expression.test, frame, scope, paths);
        return merge(
          this.#expression(expression.body, frame, scope, tested),
          this.#expression(expression.otherwise, frame, scope, tested),
        );
      }
      case "binary": {
        const left = this.#expression(expression.left, frame, scope, paths);
        const right = this.#expression(expression.right, frame, scope, left);
        return expression.operator === "and" || expression.operator === "or" ? merge(left, right) : right;
      }
      case "lambda":
        return paths;
      case "comprehension": {
        const inner = this.#values.names.scopes.get(expression) ?? scope;
        for (const child of childrenOf(expression)) paths = this.#expression(child, frame, inner, paths);
        return paths;
      }
      case "other":
        for (const child of expression.children) paths = this.#expression(child, frame, scope, paths);
        return expression.broken ? this.#append(paths, this.#unreadable(expression, frame, scope)) : paths;
      default:
        for (const child of childrenOf(expression)) paths = this.#expression(child, frame, scope, paths);
        return paths;
    }
  }

  #call(call: Call, frame: Frame, scope: Scope, paths: Path[]): Path[] {
    const statement = this.#statement;
    const name = lastPart(call.callee);
    if (!statement || this.#budget-- <= 0) return paths;
    const byHand = this.#clipsByHand(call);
    if (byHand) return this.#append(paths, this.#handEvent(call, frame, scope));
    const pending = paths.some(isPending);
    if (name !== "" && !pending && !this.#relevant.has(name) && !this.#aliased(call, scope)) return paths;
    const found = this.#classifier.classify(call, statement, frame, scope, pending);
    if (!found) return paths;
    if (found.kind === "log") {
      this.#logs.set(call, { node: call, frame, scope, call, threshold: found.threshold });
      return paths;
    }
    if (found.kind === "inline") return this.#inline(found.targets, call, frame, scope, paths);
    const { event } = found;
    if (event.kind === "step") return this.#step(event, paths);
    if (event.kind === "clip") this.#record(this.#clips, event.id, { clip: event }, paths);
    return this.#append(paths, event);
  }

  /** A name bound to something callable (`step = optimizer.step`). */
  #aliased(call: Call, scope: Scope): boolean {
    if (call.callee.kind !== "name") return false;
    const bindings = scope.lookup(call.callee.id)?.bindings ?? [];
    return bindings.some(
      (binding) =>
        (binding.kind === "value" && (binding.value.kind === "attribute" || binding.value.kind === "lambda")) ||
        (binding.kind === "import" && this.#relevant.has(lastSegment(binding.name))),
    );
  }

  #inline(
    targets: readonly (Value & { kind: "function" })[],
    call: Call,
    frame: Frame,
    scope: Scope,
    paths: Path[],
  ): Path[] {
    let after: Path[] = [];
    for (const target of targets) {
      const matters = this.#relevant.has(target.info.name) || target.info.name === "<lambda>";
      const inner = this.#values.enter(target, { call, frame, scope });
      after = merge(after, matters ? this.#function(target.info, inner, paths) : paths);
    }
    return after;
  }

  #step(event: StepEvent, before: Path[]): Path[] {
    let paths = before;
    if (event.closure) {
      const closures = this.#values.evaluate(event.closure, event.frame, event.scope);
      for (const closure of closures)
        if (closure.kind === "function") {
          const inside = this.#function(closure.info, this.#values.enter(closure, null), paths);
          paths = inside.map((path, index) =>
            markClosure(path, before[Math.min(index, before.length - 1)]?.length ?? 0),
          );
        }
    }
    const windows = paths.map((path) => {
      const last = path.findLastIndex(
        (seen) => seen.kind === "step" && [...event.optimizer.keys].every((key) => seen.optimizer.keys.has(key)),
      );
      return path.slice(last + 1);
    });
    this.#record(this.#updates, event.id, { step: event }, windows);
    return this.#append(
      paths.map((path) => forget(path, event)),
      event,
    );
  }

  #record<T extends object>(
    into: Map<string, T & { paths: Map<string, Path> }>,
    id: string,
    item: T,
    paths: readonly Path[],
  ) {
    let known = into.get(id);
    if (!known) {
      known = { ...item, paths: new Map() };
      into.set(id, known);
    }
    for (const path of paths) known.paths.set(keyOf(path), path);
  }

  #append(paths: Path[], event: TrainingEvent): Path[] {
    return paths.map((path) => {
      if (path.at(-1)?.id === event.id && event.kind !== "step") return path;
      return [...path, event].slice(-MAX_EVENTS);
    });
  }

  /** `p.grad.data.clamp_(…)`, `p.grad.mul_(scale)`. */
  #clipsByHand(call: Call): boolean {
    const { callee } = call;
    return (
      callee.kind === "attribute" &&
      /^(clamp|clip|mul|div|copy|renorm|clamp_min|clamp_max)_$/.test(callee.name) &&
      reachesGrad(callee.object)
    );
  }

  /** `p.grad *= scale`, `p.grad = torch.clamp(p.grad, …)`. */
  #byHand(statement: Statement & { kind: "assign" | "augment" }, frame: Frame, scope: Scope, paths: Path[]): Path[] {
    const targets = statement.kind === "assign" ? statement.targets : [statement.target];
    const clears = statement.value?.kind === "constant";
    if (clears || !statement.value || !targets.some(reachesGrad)) return paths;
    return this.#append(paths, this.#handEvent(statement.value, frame, scope));
  }

  #handEvent(node: Expression, frame: Frame, scope: Scope): TrainingEvent {
    const event: ClipEvent = {
      ...this.#base(node, frame, scope),
      kind: "clip",
      how: "by-hand",
      call: null,
      parameters: null,
      threshold: null,
      optimizer: null,
      unscales: false,
      renamed: null,
    };
    return event;
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
    return { ...this.#base(at, frame, scope), id: `broken ${rangeOf(node).start}`, kind: "unknown" };
  }

  #base(node: Expression, frame: Frame, scope: Scope) {
    const statement = this.#statement as Statement;
    const framework = this.#frameworks[0] as Framework;
    return { id: `${this.#values.id(node)}.${this.#values.id(frame)}`, node, statement, frame, scope, framework };
  }
}

function reachesGrad(node: Expression): boolean {
  for (let at = node; at.kind === "attribute" || at.kind === "call" || at.kind === "subscript"; ) {
    if (at.kind === "attribute" && /^_?grad$/.test(at.name)) return true;
    at = at.kind === "call" ? at.callee : at.object;
  }
  return node.kind === "name" && /^(grad|g|gradient)$/.test(node.id);
}

/** The names of calls worth a look: what frameworks name, and the functions of this file that come to one of those. */
function relevantNames(values: Values, classifier: Classifier): Set<string> {
  const relevant = new Set<string>();
  const within = new Map<string, Set<string>>();
  for (const [name, sites] of values.names.calls) {
    if (classifier.mayMatter(name)) relevant.add(name);
    for (const { scope } of sites)
      for (let at: Scope | null = scope; at; at = at.parent)
        if (at.info) {
          const key = at.info.name;
          within.get(key)?.add(name) ?? within.set(key, new Set([name]));
        }
  }
  for (let grew = true; grew; ) {
    grew = false;
    for (const [name, calls] of within) {
      if (relevant.has(name) || ![...calls].some((called) => relevant.has(called) || MUTATORS.has(called))) continue;
      relevant.add(name);
      grew = true;
    }
    for (const info of values.names.classes)
      for (const [special, alias] of [
        ["__init__", info.node.name],
        ["__call__", null],
      ] as const)
        if (
          alias &&
          info.methods.has(special) &&
          within.get(special) &&
          relevant.has(special) &&
          !relevant.has(alias)
        ) {
          relevant.add(alias);
          grew = true;
        }
  }
  return relevant;
}

const MUTATORS = new Set(["clamp_", "mul_", "div_", "copy_"]);
const lastSegment = (name: string) => name.slice(name.lastIndexOf(".") + 1);

function isPending(path: Path): boolean {
  const last = path.findLast((event) => event.kind === "backward" || event.kind === "step");
  return last?.kind === "backward";
}

function markClosure(path: Path, from: number): Path {
  return path.map((event, index) =>
    event.kind === "backward" && index >= from ? { ...event, inClosure: true } : event,
  );
}

const keys = new WeakMap<Path, string>();
function keyOf(path: Path): string {
  let key = keys.get(path);
  if (key === undefined) {
    key = path.map((event) => event.id).join(" ");
    keys.set(path, key);
  }
  return key;
}

/** Two updates of the same optimizer back is more than any rule looks. */
function forget(path: Path, step: StepEvent): Path {
  const same = path.flatMap((event, index) =>
    event.kind === "step" && overlap(event.optimizer.keys, step.optimizer.keys) ? [index] : [],
  );
  return same.length > 1 ? path.slice((same.at(-2) ?? 0) + 1) : path;
}
const passing = (next: Path[]): Outcome => ({ next, returned: [], broken: [], continued: [] });
const same = (a: readonly Path[], b: readonly Path[]) => a.length === b.length && a.every((path, i) => path === b[i]);

function merge(a: Path[], b: Path[]): Path[] {
  if (b.length === 0 || a === b) return a;
  if (a.length === 0) return b;
  const found = new Map<string, Path>();
  for (const path of [...a, ...b]) found.set(keyOf(path), path);
  const all = [...found.values()];
  if (all.length <= MAX_PATHS) return all;
  // Too many ways through: prefer those that clip, since a lost clip would be a false alarm.
  const clips = (path: Path) => path.filter((event) => event.kind === "clip" || event.kind === "unknown").length;
  return all.sort((x, y) => clips(y) - clips(x)).slice(0, MAX_PATHS);
}

function join(a: Outcome, b: Outcome): Outcome {
  return {
    next: merge(a.next, b.next),
    returned: merge(a.returned, b.returned),
    broken: merge(a.broken, b.broken),
    continued: merge(a.continued, b.continued),
  };
}
