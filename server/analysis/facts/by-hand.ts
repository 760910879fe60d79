/** Gradients that a script changes itself, without a clip function. */
import type { Call, Expression } from "../syntax/ast.ts";

/** `p.grad.data.clamp_(…)`, `p.grad.mul_(scale)`. */
export function changesGrad({ callee }: Call): boolean {
  return (
    callee.kind === "attribute" &&
    /^(clamp|clip|mul|div|copy|renorm|clamp_min|clamp_max)_$/.test(callee.name) &&
    reachesGrad(callee.object)
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
