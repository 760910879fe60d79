/** Gradients that a script changes itself, without a clip function. */
import type { Call, Expression, Statement } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";

/** `p.grad.data.clamp_(…)`, `p.grad.mul_(scale)`. */
export function changesGrad({ callee }: Call): boolean {
  return (
    callee.kind === "attribute" &&
    /^(clamp|clip|mul|div|copy|renorm|clamp_min|clamp_max)_$/.test(callee.name) &&
    reachesGrad(callee.object)
  );
}

/** `p.grad.clamp(-1, 1)`, `torch.clip(p.grad, …)`: a clipped copy, which leaves the gradient as it was. Gives the name to end in `_`. */
export function copiesGrad({ callee, arguments: [first] }: Call): Expression | null {
  if (callee.kind !== "attribute" || !/^(clamp|clip|clamp_min|clamp_max)$/.test(callee.name)) return null;
  const ofTorch = callee.object.kind === "name" && first !== undefined && endsInGrad(first.value);
  return ofTorch || endsInGrad(callee.object) ? callee : null;
}

/** `p.grad`, `p.grad.data`. */
function endsInGrad(node: Expression): boolean {
  if (node.kind !== "attribute") return false;
  return node.name === "grad" || (node.name === "data" && endsInGrad(node.object));
}

const MOVES = new Set(["clone", "contiguous", "cpu", "cuda", "detach", "to"]);

/** What a gradient is of, where it is taken as it is: `other` of `other.grad` and of `other.grad.detach().cpu()`. */
export function gradAsItIs(node: Expression): Expression | null {
  if (node.kind === "attribute") {
    if (/^_?grad$/.test(node.name)) return node.object;
    return node.name === "data" ? gradAsItIs(node.object) : null;
  }
  const moves = node.kind === "call" && node.callee.kind === "attribute" && MOVES.has(node.callee.name);
  return moves && node.callee.kind === "attribute" ? gradAsItIs(node.callee.object) : null;
}

/** `p.grad *= scale`, `p.grad = torch.clamp(p.grad, …)`; not `p.grad = None`, nor `p.grad = other.grad`. */
export function assignsGrad(statement: Statement): statement is Statement & { value: Expression } {
  if (statement.kind !== "assign" && statement.kind !== "augment") return false;
  if (!statement.value || statement.value.kind === "constant") return false;
  if (statement.kind === "augment") return reachesGrad(statement.target);
  // A local name is bound to another tensor, and the gradient stays as it is.
  return (
    !gradAsItIs(statement.value) && statement.targets.some((target) => target.kind !== "name" && reachesGrad(target))
  );
}

/** The expression is a gradient, or something of one. */
export function reachesGrad(node: Expression): boolean {
  for (let at = node; at.kind === "attribute" || at.kind === "call" || at.kind === "subscript"; ) {
    if (at.kind === "attribute" && /^_?grad$/.test(at.name)) return true;
    at = at.kind === "call" ? at.callee : at.object;
  }
  return node.kind === "name" && /^(grad|g|gradient)$/.test(node.id);
}

/** `shared.grad = p.grad`: another's gradient, with whatever has been done to it. */
export function handsGradOn(statement: Statement): boolean {
  return (
    statement.kind === "assign" &&
    statement.value !== null &&
    gradAsItIs(statement.value) !== null &&
    statement.targets.some((target) => target.kind !== "name" && reachesGrad(target))
  );
}

/** What all of a gradient is multiplied or divided by, where that is all that happens to it. */
export function factorOfGrad(node: Expression, statement: Statement): Expression | null {
  if (node.kind === "call" && changesGrad(node)) {
    const [factor, another] = node.arguments;
    return /^(mul|div)_$/.test(lastPart(node.callee)) && factor && !another ? factor.value : null;
  }
  if (statement.kind === "augment") return /^[*/]=$/.test(statement.operator) ? statement.value : null;
  if (node.kind !== "binary" || !/^[*/]$/.test(node.operator)) return null;
  if (reachesGrad(node.left)) return node.right;
  return node.operator === "*" && reachesGrad(node.right) ? node.left : null;
}

/** `p.grad /= n`, `p.grad.div_(n)`, `p.grad = p.grad / n`. */
export function dividesGrad(node: Expression, statement: Statement): boolean {
  if (statement.kind === "augment") return statement.operator === "/=";
  if (statement.kind === "assign") return node.kind === "binary" && node.operator === "/" && reachesGrad(node.left);
  return node.kind === "call" && node.callee.kind === "attribute" && node.callee.name === "div_";
}

/** `p.grad = None`, `p.grad.zero_()`. */
export function zeroesGrad(node: Statement | Call): boolean {
  if (node.kind === "call")
    return node.callee.kind === "attribute" && node.callee.name === "zero_" && reachesGrad(node.callee.object);
  return node.kind === "assign" && node.value?.kind === "constant" && node.targets.some(reachesGrad);
}
