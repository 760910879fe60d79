/** Writes an expression that was seen in one place so that it means the same in another, or says that it can't. */
import { sourcesOf } from "../facts/derived/parameter-sources.ts";
import type { OptimizerRef, Seen } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Scope, Variable } from "../facts/names/scope.ts";
import type { Frame, Value } from "../facts/values/value.ts";
import { childrenOf, type Expression, isHere } from "../syntax/ast.ts";
import { argumentOf, lastPart } from "../syntax/call.ts";

export interface Target {
  readonly frame: Frame;
  readonly scope: Scope;
}

/** An optimizer, and the activation of the code at the target in which it is the one that steps. */
export interface Stepping {
  readonly optimizer: OptimizerRef;
  readonly to: Target;
}

/**
 * The parameters that an optimizer owns, as an expression that gives them anew each time it is evaluated. Code that is entered in several
 * ways has an optimizer on each, and the text has to be right for all.
 */
export function parametersOf(facts: Facts, ...ways: readonly [Stepping, ...Stepping[]]): string {
  const texts = new Set(
    ways.flatMap(({ optimizer, to }) =>
      optimizer.constructors.map(({ call, frame, scope }) => {
        const given = argumentOf(call, 0, "params");
        return given && given.stars === 0 ? rewrite(facts, { node: given.value, frame, scope }, to, 0) : null;
      }),
    ),
  );
  const [only] = texts;
  if (texts.size === 1 && only && ways.every(({ optimizer }) => optimizer.constructors.length > 0)) return only;
  return groupsOf(facts, sourceOf(facts, ways[0].optimizer.node));
}

/** The same for a loop that updates by itself what it goes through; null where that may be used up by being gone through before. */
export function parametersIn(facts: Facts, through: Seen, to: Target): string | null {
  return rewrite(facts, through, to, 0);
}

/** Right for whatever the optimizer was built from. */
export function groupsOf(facts: Facts, optimizer: string): string {
  const quote = quoteOf(facts.text);
  return `[p for group in ${optimizer}.param_groups for p in group[${quote}params${quote}]]`;
}

export function quoteOf(text: string): string {
  const single = text.split("'").length;
  return single > text.split('"').length ? "'" : '"';
}

function rewrite(facts: Facts, seen: Seen, to: Target, depth: number): string | null {
  const { node, frame, scope } = seen;
  const inner = (next: Expression) => rewrite(facts, { ...seen, node: next }, to, depth + 1);
  if (depth > 6) return null;
  switch (node.kind) {
    case "call": {
      const name = lastPart(node.callee);
      const [first, second] = node.arguments.map((argument) => argument.value);
      if (node.callee.kind === "attribute" && /^(named_)?parameters$/.test(name) && node.arguments.length === 0) {
        const object = express(facts, { ...seen, node: node.callee.object }, to);
        return object ? `${object}.parameters()` : null;
      }
      // Frozen parameters have no gradient, so the filter changes nothing here, and an unfiltered call can't be used up.
      if (node.callee.kind === "name" && name === "filter" && second) return inner(second);
      if (node.callee.kind === "name" && (name === "list" || name === "iter") && first) return inner(first);
      if (name === "chain" || name === "from_iterable") return verbatim(facts, seen, to);
      return null;
    }
    case "binary": {
      const sides = [node.left, node.right];
      const lists = sides.every((side) => side.kind !== "call" || lastPart(side.callee) === "list");
      return node.operator === "+" && lists ? verbatim(facts, seen, to) : null;
    }
    case "sequence":
      return isOfTensors(facts, seen, node.elements) ? verbatim(facts, seen, to) : null;
    case "comprehension": {
      const [clause] = node.clauses;
      const filters = clause?.conditions.every((c) => c.kind === "attribute" && c.name === "requires_grad");
      const plain =
        node.element.kind === "name" && clause?.target.kind === "name" && node.element.id === clause.target.id;
      return node.clauses.length === 1 && clause && plain && filters ? inner(clause.iterable) : null;
    }
    case "name":
    case "attribute": {
      const found = facts.values.variables.of(node, frame, scope);
      const only = found?.variable.bindings.length === 1 ? found.variable.bindings[0] : undefined;
      if (!found || only?.kind !== "value" || only.path.length > 0 || found.variable.contents.length > 0) return null;
      if (isLasting(only.value)) return express(facts, seen, to);
      const within = facts.values.frames.for(only.scope, found.frame);
      return rewrite(facts, { node: only.value, frame: within, scope: only.scope }, to, depth + 1);
    }
    default:
      return null;
  }
}

/** `[self.log_alpha]`: each a tensor, and the same one wherever it is written, since nothing else is ever bound to it. */
function isOfTensors(facts: Facts, seen: Seen, elements: readonly Expression[]): boolean {
  const isBoundOnce = (node: Expression) =>
    (node.kind === "name" || node.kind === "attribute") &&
    facts.values.variables.of(node, seen.frame, seen.scope)?.variable.bindings.length === 1;
  return elements.every(isBoundOnce) && sourcesOf(facts, seen)?.every(({ tensor }) => tensor === true) === true;
}

/** A list of parameters, which can be iterated again; not a list of groups. */
function isLasting(node: Expression): boolean {
  if (node.kind === "call") return node.callee.kind === "name" && node.callee.id === "list";
  if (node.kind === "comprehension") return node.type === "list" && node.element.kind === "name";
  return node.kind === "sequence" && node.elements.every((element) => element.kind === "attribute");
}

/** The very text, where each name in it means the same at the target. */
function verbatim(facts: Facts, { node, frame, scope }: Seen, to: Target): string | null {
  const names: Expression[] = [];
  const collect = (inner: Expression) => {
    if (inner.kind === "comprehension" || inner.kind === "lambda") return false;
    if (inner.kind === "name") names.push(inner);
    return childrenOf(inner).every(collect);
  };
  if (!collect(node)) return null;
  const same = names.every(
    (name) => name.kind === "name" && express(facts, { node: name, frame, scope }, to) === name.id,
  );
  return same ? sourceOf(facts, node) : null;
}

/** A name or attribute path at the target that means the same object. */
export function express(facts: Facts, { node, frame, scope }: Seen, to: Target): string | null {
  if (node.kind === "attribute") {
    const object = express(facts, { node: node.object, frame, scope }, to);
    return object ? `${object}.${node.name}` : null;
  }
  if (node.kind !== "name") return null;
  const variable = scope.lookup(node.id);
  if (!variable) return isHere(node) && !to.scope.lookup(node.id) ? node.id : null;
  const owner = scope.self === node.id ? scope.home.info?.owner : null;
  if (owner) {
    const here = enclosingMethod(to.scope);
    return here?.owner === owner ? here.self : null;
  }
  if (to.scope.lookup(node.id) === variable) {
    // What the code there is handed is right however it is entered; what the module holds need not be.
    const held = variable.scope === scope.module ? handedAs(facts, variable, to) : null;
    return held ?? node.id;
  }
  const [only] = variable.bindings;
  const within = variable.scope ? facts.values.frames.for(variable.scope, frame) : frame;
  if (variable.bindings.length === 1 && only?.kind === "parameter" && within.call) {
    const given = facts.values.callers.argumentFor(only, within.call.call, within);
    if (given && given !== "default")
      return express(facts, { node: given.node, frame: given.frame ?? within.call.frame, scope: given.scope }, to);
  }
  return handedAs(facts, variable, to);
}

const handedAs = (facts: Facts, variable: Variable, to: Target) =>
  passedAs(facts, variable, to) ?? keptAs(facts, variable, to);

function enclosingMethod(scope: Scope) {
  for (let at: Scope | null = scope; at; at = at.parent) {
    const owner = at.info?.owner;
    if (owner && at.self) return { owner, self: at.self, scope: at };
  }
  return null;
}

/** The parameter of the target's function that the caller fills with this variable. */
function passedAs(facts: Facts, variable: Variable, to: Target): string | null {
  const home = facts.values.frames.for(to.scope, to.frame);
  const { call } = home;
  if (!call) return null;
  for (const candidate of to.scope.home.variables.values()) {
    const [binding] = candidate.bindings;
    if (candidate.bindings.length !== 1 || binding?.kind !== "parameter") continue;
    const given = facts.values.callers.argumentFor(binding, call.call, home);
    if (!given || given === "default" || given.node.kind !== "name") continue;
    if (given.scope.lookup(given.node.id) === variable) return candidate.name;
  }
  return null;
}

/** `self.model`, where the constructor stored the variable there, or what it was passed for it. */
function keptAs(facts: Facts, variable: Variable, to: Target): string | null {
  const here = enclosingMethod(to.scope);
  if (!here) return null;
  const { self } = facts.values.frames.for(here.scope, to.frame);
  for (const [name, attribute] of here.owner.attributes) {
    const [binding] = attribute.bindings;
    if (attribute.bindings.length !== 1 || binding?.kind !== "value" || binding.path.length > 0) continue;
    const { value, scope } = binding;
    if (value.kind !== "name") continue;
    const stored = scope.lookup(value.id);
    if (stored && (stored === variable || isFilledWith(facts, stored, self, variable))) return `${here.self}.${name}`;
  }
  return null;
}

/** The parameter of the constructor that the call which made the instance fills with this variable. */
function isFilledWith(facts: Facts, { bindings }: Variable, self: Value | null, variable: Variable): boolean {
  const [only, another] = bindings;
  if (self?.kind !== "instance" || !self.call || only?.kind !== "parameter" || another) return false;
  if (only.scope.info?.name !== "__init__" || only.scope.info.owner !== self.info) return false;
  const given = facts.values.callers.argumentFor(only, self.call, self.frame);
  if (!given || given === "default" || given.node.kind !== "name") return false;
  return self.scope.lookup(given.node.id) === variable;
}
