/** The models (and single tensors) whose parameters an iterable holds, one by one, where all of them can be told. */
import { type Call, type Expression, rangeOf } from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import type { OptimizerRef, Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { reaching } from "../names/reaching.ts";
import type { Binding } from "../names/scope.ts";
import type { Value } from "../values/value.ts";

const MAX_DEPTH = 10;
const MAX_DEPTH_OF_PARTS = 3;

/** `encoder` of `encoder.parameters()`; or a tensor in a list. */
export interface Source extends Seen {
  readonly tensor: boolean;
}

type Sources = Source[] | null;

export function sourcesOfOptimizer(facts: Facts, { constructors }: OptimizerRef): Sources {
  if (constructors.length === 0) return null;
  return all(constructors, ({ call, frame, scope }) => {
    const given = argumentOf(call, 0, "params");
    return given?.stars === 0 ? sourcesOf(facts, { node: given.value, frame, scope }) : null;
  });
}

/** A temperature, a latent vector: one tensor, and no network. */
export function updatesOneTensor(facts: Facts, optimizer: OptimizerRef): boolean {
  const [only, another] = sourcesOfOptimizer(facts, optimizer) ?? [];
  return only?.tensor === true && !another;
}

/** Where there is a choice (`if`, `a if c else b`), those of each. */
export function sourcesOf(facts: Facts, seen: Seen, depth = 0): Sources {
  const { node } = seen;
  if (depth > MAX_DEPTH) return null;
  const within = (next: Expression) => sourcesOf(facts, { ...seen, node: next }, depth + 1);
  switch (node.kind) {
    case "call":
      return ofCall(facts, seen, node, depth);
    case "name":
    case "attribute":
      return ofVariable(facts, seen, depth);
    case "starred":
      return within(node.value);
    case "conditional":
      return all([node.body, node.otherwise], within);
    case "binary":
      return node.operator === "+" ? all([node.left, node.right], within) : null;
    case "sequence":
      return all(node.elements, (element) => ofElement(facts, { ...seen, node: element }, depth + 1));
    case "comprehension": {
      const [clause, another] = node.clauses;
      const same = node.element.kind === "name" && lastPart(clause?.target ?? node) === node.element.id;
      if (!clause || another || !same || !clause.conditions.every(onlyFrozenOut)) return null;
      return within(clause.iterable);
    }
    default:
      return null;
  }
}

function all<T>(items: readonly T[], of: (item: T) => Sources): Sources {
  const found: Source[] = [];
  for (const item of items) {
    const sources = of(item);
    if (!sources) return null;
    found.push(...sources);
  }
  return found;
}

/** In a list: a group, what is unpacked, or a tensor. */
function ofElement(facts: Facts, seen: Seen, depth: number): Sources {
  const { node } = seen;
  if (node.kind === "dict") {
    const entry = node.entries.find(({ key }) => key?.kind === "string" && key.value === "params");
    return entry ? ofGroup(facts, { ...seen, node: entry.value }, depth + 1) : null;
  }
  if (node.kind === "starred") return sourcesOf(facts, seen, depth);
  if (node.kind !== "name" && node.kind !== "attribute") return null;
  // Where it is `None`, no optimizer is built of it.
  const values = facts.values.evaluate(node, seen.frame, seen.scope).filter(({ kind }) => kind !== "none");
  const isTensor = values.length > 0 && values.every(makesTensor);
  return isTensor ? [{ ...seen, tensor: true }] : null;
}

/** `{"params": tensor}` or `{"params": model.parameters()}`. */
function ofGroup(facts: Facts, seen: Seen, depth: number): Sources {
  return ofElement(facts, seen, depth) ?? sourcesOf(facts, seen, depth);
}

const makesTensor = (value: Value) =>
  value.kind === "external" && /^torch\.(nn\.Parameter|zeros|ones|randn|rand|tensor|full)\(\)/.test(value.name);

function ofCall(facts: Facts, seen: Seen, call: Call, depth: number): Sources {
  const { callee } = call;
  const within = (next: Expression) => sourcesOf(facts, { ...seen, node: next }, depth + 1);
  const values = call.arguments.map((argument) => argument.value);
  if (callee.kind === "attribute" && callee.name === "parameters" && values.length === 0)
    return ofModel(facts, { ...seen, node: callee.object });
  const named = facts.values.evaluate(callee, seen.frame, seen.scope);
  const is = (pattern: RegExp) => named.some((value) => value.kind === "external" && pattern.test(value.name));
  if (is(/^builtins\.(list|tuple|iter|set)$/)) return all(values, within);
  if (is(/^itertools\.chain$/)) return all(values, within);
  if (is(/^itertools\.chain\.from_iterable$/))
    return values[0]?.kind === "sequence" ? all(values[0].elements, within) : null;
  const [test, held] = values;
  if (is(/^builtins\.filter$/) && test?.kind === "lambda" && held)
    return onlyFrozenOut(test.body) ? within(held) : null;
  return null;
}

/** `p.requires_grad`: what has no gradient is updated by nobody. */
const onlyFrozenOut = (test: Expression) => test.kind === "attribute" && test.name === "requires_grad";

/** A model, or those in a `ModuleList` of them. */
function ofModel(facts: Facts, seen: Seen): Sources {
  const { node, frame, scope } = seen;
  if (node.kind === "name" || node.kind === "attribute") return [{ ...seen, tensor: false }];
  const [list] = node.kind === "call" ? node.arguments : [];
  if (node.kind !== "call" || list?.value.kind !== "sequence") return null;
  const named = facts.values.evaluate(node.callee, frame, scope);
  const gathers = named.some(
    (value) => value.kind === "external" && /^torch\.nn\.(ModuleList|Sequential)$/.test(value.name),
  );
  return gathers ? all(list.value.elements, (element) => ofModel(facts, { ...seen, node: element })) : null;
}

function ofVariable(facts: Facts, { node, frame, scope }: Seen, depth: number): Sources {
  const found = facts.values.variables.of(node, frame, scope);
  const { bindings = [], contents = [] } = found?.variable ?? {};
  if (!found || bindings.length === 0 || contents.some(({ key }) => key !== null)) return null;
  // `params += …` adds to what came before it.
  const grows = bindings.some(({ statement }) => statement?.kind === "augment");
  const here = found.variable.scope !== null && found.variable.scope === scope.home;
  const reached = here && !grows ? reaching(bindings, rangeOf(node).start) : bindings;
  return all([...reached, ...contents.map(({ binding }) => binding)], (binding) => {
    const added = addedBy(binding);
    const inner = facts.values.frames.for(binding.scope, found.frame);
    const there = added && { node: added, frame: inner, scope: binding.scope };
    const isElement = there && contents.some((put) => put.binding === binding) && binding.kind === "value";
    if (isElement) return ofElement(facts, there, depth + 1);
    return there && sourcesOf(facts, there, depth + 1);
  });
}

/** What a binding assigns, appends, or extends a list by. */
function addedBy(binding: Binding): Expression | null {
  const { statement } = binding;
  if (statement?.kind === "augment") return statement.operator === "+=" ? statement.value : null;
  if (binding.kind === "element") return statement?.kind === "expression" ? binding.iterable : null;
  return binding.kind === "value" && binding.path.length === 0 ? binding.value : null;
}

/** Both are known, and neither is the other, in it, or holds it. */
export function areApart(facts: Facts, a: Source, b: Source): boolean {
  const isKnown = (source: Source) => originsOf(facts, source).known && variableOf(facts, source) !== undefined;
  return isKnown(a) && isKnown(b) && !areLinked(facts, a, b);
}

/** One is the other, is in it, or holds it, as far as that can be seen. */
export function areLinked(facts: Facts, a: Seen, b: Seen): boolean {
  const [first, second] = [originsOf(facts, a).made, originsOf(facts, b).made];
  if (first.some(({ node }) => second.some((other) => other.node === node))) return true;
  if (first.some((made) => isMadeOf(facts, made, second, 0))) return true;
  if (second.some((made) => isMadeOf(facts, made, first, 0))) return true;
  const [one, other] = [variableOf(facts, a), variableOf(facts, b)];
  return one !== undefined && other !== undefined && facts.parameters.related(new Set([one]), new Set([other]));
}

const variableOf = (facts: Facts, { node, frame, scope }: Seen) =>
  facts.values.variables.of(node, frame, scope)?.variable;

interface Origin extends Seen {
  readonly node: Call;
}

/** The calls that made a model, and whether they are all that may have. */
function originsOf(facts: Facts, { node, frame, scope }: Seen): { made: Origin[]; known: boolean } {
  const values = facts.values.evaluate(node, frame, scope);
  const made = values.flatMap(originOf);
  return { made, known: made.length > 0 && made.length === values.length };
}

function originOf(value: Value): Origin[] {
  const isMade = value.kind === "instance" || (value.kind === "external" && value.name.endsWith("()"));
  return isMade && value.call ? [{ node: value.call, frame: value.frame, scope: value.scope }] : [];
}

/** The call is given one of these, by itself, in a list, or in something that it is given. */
function isMadeOf(facts: Facts, { node, frame, scope }: Origin, parts: readonly Origin[], depth: number): boolean {
  const given = node.arguments.flatMap(({ value }) => facts.values.evaluate(value, frame, scope));
  const held = given.flatMap((value) =>
    value.kind === "elements" ? value.any.flatMap((item) => facts.values.follow(item)) : [value],
  );
  return held
    .flatMap(originOf)
    .some(
      (made) =>
        parts.some((part) => part.node === made.node) ||
        (depth < MAX_DEPTH_OF_PARTS && isMadeOf(facts, made, parts, depth + 1)),
    );
}
