/** Clips of a share of an optimizer's or a model's gradients, turn by turn of a loop, or of the first share only. */
import { type Expression, rangeOf, type StatementOf } from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import type { ClipEvent, OptimizerRef, Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { Variable } from "../names/scope.ts";
import { enclosing } from "./enclosing.ts";

export interface Share {
  readonly of: "group" | "parameter" | "module";
  /** The optimizer whose groups they are, or the model. */
  readonly holder: Seen;
  /** The loop over all of them, with what stands for one; null for a clip of a single group. */
  readonly turn: { readonly loop: StatementOf<"for">; readonly variable: Variable } | null;
}

export function shareOf(facts: Facts, clip: ClipEvent): Share | null {
  const { parameters, frame, scope } = clip;
  if (!parameters) return null;
  const group = groupOf(parameters);
  if (group?.kind === "subscript" && group.index?.kind === "number") return singleGroup(group.object, clip);
  const of = group ?? moduleOf(parameters) ?? oneOf(parameters);
  if (of.kind !== "name") return null;
  const variable = scope.lookup(of.id);
  const [binding] = variable?.bindings ?? [];
  if (variable?.bindings.length !== 1 || binding?.kind !== "element") return null;
  const loop = enclosing(facts, clip).find(({ statement }) => statement === binding.statement)?.statement;
  if (loop?.kind !== "for") return null;
  const source = unnumbered(binding.iterable);
  const turn = { loop, variable };
  if (source.kind === "attribute" && source.name === "param_groups")
    return group ? { of: "group", holder: { node: source.object, frame, scope }, turn } : null;
  if (source.kind !== "call" || source.callee.kind !== "attribute" || group) return null;
  const holder = { node: source.callee.object, frame, scope };
  if (/^(named_)?parameters$/.test(source.callee.name))
    return moduleOf(parameters) ? null : { of: "parameter", holder, turn };
  return /^(named_)?(modules|children)$/.test(source.callee.name) && of !== parameters
    ? { of: "module", holder, turn }
    : null;
}

/** `group` of `group["params"]`. */
function groupOf(node: Expression): Expression | null {
  return node.kind === "subscript" && node.index?.kind === "string" && node.index.value === "params"
    ? node.object
    : null;
}

/** `layer` of `layer.parameters()`. */
function moduleOf(node: Expression): Expression | null {
  return node.kind === "call" && lastPart(node.callee) === "parameters" && node.callee.kind === "attribute"
    ? node.callee.object
    : null;
}

const oneOf = (node: Expression): Expression =>
  node.kind === "sequence" && node.elements.length === 1 ? (node.elements[0] as Expression) : node;

/** `optimizer.param_groups[0]["params"]`. */
function singleGroup(groups: Expression, { frame, scope }: ClipEvent): Share | null {
  if (groups.kind !== "attribute" || groups.name !== "param_groups") return null;
  return { of: "group", holder: { node: groups.object, frame, scope }, turn: null };
}

/** `groups` of `enumerate(groups)`. */
function unnumbered(node: Expression): Expression {
  const [first] = node.kind === "call" && lastPart(node.callee) === "enumerate" ? node.arguments : [];
  return first?.value ?? node;
}

/** How many parameter groups an optimizer has been given: one, several, or null where that can't be told. */
export function groupsOf(facts: Facts, optimizer: OptimizerRef): "one" | "several" | null {
  const built = [...optimizer.constructors, ...builtOfOwnClass(facts, optimizer)];
  if (built.length === 0 || facts.names.calls.has("add_param_group")) return null;
  const counts = built.map(({ call, frame, scope }) => {
    const given = argumentOf(call, 0, "params");
    return given?.stars === 0 ? countGroups(facts, { node: given.value, frame, scope }, 0) : null;
  });
  if (counts.includes("several")) return "several";
  return counts.includes(null) ? null : "one";
}

/** `self` of an optimizer class of this file: what the file makes of it. */
function builtOfOwnClass(facts: Facts, { node, frame, scope }: Seen) {
  return facts.values.evaluate(node, frame, scope).flatMap((value) => {
    if (value.kind !== "instance" || value.call) return [];
    const sites = facts.names.calls.get(value.info.node.name) ?? [];
    return sites.map((site) => ({ ...site, frame: facts.values.frames.of(site.scope) }));
  });
}

function countGroups(facts: Facts, { node, frame, scope }: Seen, depth: number): "one" | "several" | null {
  const inner = (next: Expression) => countGroups(facts, { node: next, frame, scope }, depth + 1);
  if (depth > 4) return null;
  switch (node.kind) {
    case "sequence":
      if (node.elements.length === 0 || !node.elements.every((element) => element.kind === "dict")) return null;
      return node.elements.length === 1 ? "one" : "several";
    case "comprehension":
      return node.element.kind === "name" ? "one" : node.element.kind === "dict" ? "several" : null;
    case "call": {
      const name = lastPart(node.callee);
      if (name === "parameters" || name === "filter") return "one";
      const [first] = node.arguments;
      return /^(list|tuple|iter)$/.test(name) && first ? inner(first.value) : null;
    }
    case "name":
    case "attribute": {
      const found = facts.values.variables.of(node, frame, scope);
      const [binding, another] = found?.variable.bindings ?? [];
      if (!found || another || binding?.kind !== "value" || binding.path.length > 0) return null;
      if (found.variable.contents.length > 0) return null;
      const within = facts.values.frames.for(binding.scope, found.frame);
      return countGroups(facts, { node: binding.value, frame: within, scope: binding.scope }, depth + 1);
    }
    default:
      return null;
  }
}

/** Whether an expression mentions what stands for one share, other than to ask whether that has a gradient. */
export function asksAbout(facts: Facts, node: Expression, variable: Variable): boolean {
  const { start, end } = rangeOf(node);
  const text = facts.text
    .slice(start, end)
    .replace(new RegExp(`\\b${variable.name}\\.(grad|requires_grad)\\b`, "g"), "");
  return new RegExp(`\\b${variable.name}\\b`).test(text);
}
