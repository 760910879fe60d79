/** What MLX has no function for, as the fewest lines that are right, to be written into a script. The first two may be compiled. */
import type { Helper } from "./spelling.ts";

export const BY_VALUE: Helper = {
  name: "clip_gradients_by_value",
  uses: ["mlx.utils.tree_map", "mlx.core.clip"],
  define: ([map, clip]) => [
    "def clip_gradients_by_value(gradients, clip_value):",
    `    return ${map}(lambda g: ${clip}(g, -clip_value, clip_value), gradients)`,
  ],
};

/**
 * Adaptive gradient clipping: Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization" (2021), section 4.1.
 * The norms are those of a unit's incoming weights: over all dimensions but the first of an MLX weight, over all of a vector.
 */
export const ADAPTIVE: Helper = {
  name: "clip_gradients_adaptively",
  uses: ["mlx.utils.tree_map", "mlx.core.sqrt", "mlx.core.square", "mlx.core.minimum", "mlx.core.maximum"],
  define: ([map, sqrt, square, minimum, maximum]) => [
    "def clip_gradients_adaptively(gradients, parameters, clip_factor=0.01, eps=1e-3):",
    '    """AGC (Brock et al., 2021): bounds the gradient of each output unit by a share of the norm of its weights.',
    "",
    "    The paper leaves the last linear layer out: give its gradients to the optimizer as they are to do the same.",
    '    """',
    "",
    "    def norm(x):",
    `        return ${sqrt}(${square}(x).sum(axis=tuple(range(1, x.ndim)) or None, keepdims=True))`,
    "",
    "    def clip(gradient, weight):",
    `        bound = clip_factor * ${maximum}(norm(weight), eps)`,
    `        return gradient * ${minimum}(bound / ${maximum}(norm(gradient), 1e-6), 1.0)`,
    "",
    `    return ${map}(clip, gradients, parameters)`,
  ],
};

/**
 * Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation Networks" (2020), whose percentile is 10.
 * It waits for each norm. What `mx.compile` compiles can remember nothing that is not among its inputs.
 */
export const AUTOCLIP: Helper = {
  name: "GradientAutoClip",
  uses: ["mlx.core.sqrt", "mlx.core.square", "mlx.utils.tree_flatten", "mlx.optimizers.clip_grad_norm"],
  define: ([sqrt, square, flatten, clip]) => [
    "class GradientAutoClip:",
    '    """Clips the global norm of the gradients to a percentile of all norms so far (Seetharaman et al., 2020).',
    "",
    "    10, the paper's, is the safest; when norms grow it clips too much.",
    '    """',
    "",
    "    def __init__(self, percentile=50.0):",
    "        self.percentile = percentile",
    "        self.norms = []",
    "",
    "    def __call__(self, gradients):",
    `        norm = ${sqrt}(sum(${square}(g).sum() for _, g in ${flatten}(gradients))).item()`,
    '        if norm < float("inf"):',
    "            self.norms.append(norm)",
    "        if not self.norms:",
    "            return gradients",
    "        position = round(self.percentile / 100 * (len(self.norms) - 1))",
    `        return ${clip}(gradients, sorted(self.norms)[position])[0]`,
  ],
  object: { name: "autoclip", make: (helper, percentile) => `${helper}(percentile=${percentile})` },
};
