/** Gradients that a script changes itself, without a clip function. */
import type { Call, Expression, Statement } from "../syntax/ast.ts";

/** `p.grad.data.clamp_(…)`, `p.grad.mul_(scale)`. */
export function changesGrad({ callee }: Call): boolean {
  return (
    callee.kind === "attribute" &&
    /^(clamp|clip|mul|div|copy|renorm|clamp_min|clamp_max)_$/.test(callee.name) &&
    reachesGrad(callee.object)
  );
}

/** `p.grad *= scale`, `p.grad = torch.clamp(p.grad, …)`; not `p.grad = None`. */
export function assignsGrad(statement: Statement): statement is Statement & { value: Expression } {
  if (statement.kind !== "assign" && statement.kind !== "augment") return false;
  if (!statement.value || statement.value.kind === "constant") return false;
  return (statement.kind === "assign" ? statement.targets : [statement.target]).some(reachesGrad);
}

/** The expression is a gradient, or something of one. */
function reachesGrad(node: Expression): boolean {
  for (let at = node; at.kind === "attribute" || at.kind === "call" || at.kind === "subscript"; ) {
    if (at.kind === "attribute" && /^_?grad$/.test(at.name)) return true;
    at = at.kind === "call" ? at.callee : at.object;
  }
  return node.kind === "name" && /^(grad|g|gradient)$/.test(node.id);
}
