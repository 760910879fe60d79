/** What TensorFlow has no function for, as the fewest lines that are right, to be written into a script. */
import type { Helper } from "./spelling.ts";

/**
 * Adaptive gradient clipping: Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization" (2021), section 4.1.
 * The norms are those of a unit's incoming weights: over all dimensions but the last of a TensorFlow weight, over all of a vector.
 * Rows that a sparse gradient holds twice are added up for its norm, as the optimizer adds them.
 */
export const ADAPTIVE: Helper = {
  name: "clip_gradients_adaptively",
  uses: [
    "tensorflow.sqrt",
    "tensorflow.reduce_sum",
    "tensorflow.square",
    "tensorflow.convert_to_tensor",
    "tensorflow.minimum",
    "tensorflow.maximum",
    "tensorflow.IndexedSlices",
  ],
  define: ([sqrt, sum, square, dense, minimum, maximum, sparse]) => [
    "def clip_gradients_adaptively(gradients, variables, clip_factor=0.01, eps=1e-3):",
    '    """AGC (Brock et al., 2021): bounds the gradient of each output unit by a share of the norm of its weights.',
    "",
    "    The paper leaves the last linear layer out: give its gradients to the optimizer as they are to do the same.",
    '    """',
    "    clipped = []",
    "    for gradient, variable in zip(gradients, variables):",
    "        if gradient is not None:",
    "            axes = list(range(len(variable.shape) - 1)) or None",
    `            weights = ${sqrt}(${sum}(${square}(${dense}(variable)), axis=axes, keepdims=True))`,
    `            norm = ${sqrt}(${sum}(${square}(${dense}(gradient)), axis=axes, keepdims=True))`,
    `            scale = ${minimum}(clip_factor * ${maximum}(weights, eps) / ${maximum}(norm, 1e-6), 1.0)`,
    `            if isinstance(gradient, ${sparse}):`,
    `                gradient = ${sparse}(gradient.values * scale, gradient.indices, gradient.dense_shape)`,
    "            else:",
    "                gradient = gradient * scale",
    "        clipped.append(gradient)",
    "    return clipped",
  ],
};

/**
 * Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation Networks" (2020), whose percentile is 10.
 * Of a fixed number of norms, since XLA (`jit_compile`) can't let a variable grow.
 */
export const AUTOCLIP: Helper = {
  name: "GradientAutoClip",
  uses: [
    "tensorflow.Variable",
    "tensorflow.linalg.global_norm",
    "tensorflow.cast",
    "tensorflow.float32",
    "tensorflow.int32",
    "tensorflow.math.is_finite",
    "tensorflow.where",
    "tensorflow.minimum",
    "tensorflow.round",
    "tensorflow.sort",
    "tensorflow.math.divide_no_nan",
    "tensorflow.maximum",
    "tensorflow.math.scalar_mul",
  ],
  define: ([variable, globalNorm, cast, float, int, finite, where, minimum, round, sort, divide, maximum, scaled]) => [
    "class GradientAutoClip:",
    '    """Clips the global norm of the gradients to a percentile of the latest norms (Seetharaman et al., 2020).',
    "",
    "    10, the paper's, is the safest; when norms grow it clips too much.",
    '    """',
    "",
    "    def __init__(self, percentile=50.0, memory=10000):",
    "        self.percentile = percentile",
    "        self.memory = memory",
    `        self.norms = ${variable}([float("inf")] * memory, trainable=False)`,
    `        self.count = ${variable}(0, trainable=False)`,
    "",
    "    def __call__(self, gradients):",
    `        norm = ${cast}(${globalNorm}(gradients), ${float})`,
    `        finite = ${finite}(norm)`,
    "        slot = self.count % self.memory",
    `        self.norms.scatter_nd_update([[slot]], [${where}(finite, norm, self.norms[slot])])`,
    `        self.count.assign_add(${cast}(finite, ${int}))`,
    `        last = ${cast}(${maximum}(${minimum}(self.count, self.memory) - 1, 0), ${float})`,
    `        bound = ${sort}(self.norms)[${cast}(${round}(self.percentile / 100 * last), ${int})]`,
    `        scale = ${divide}(bound, ${maximum}(norm, bound))`,
    `        return [g if g is None else ${scaled}(${cast}(scale, g.dtype), g) for g in gradients]`,
  ],
  object: { name: "autoclip", make: (helper, percentile) => `${helper}(percentile=${percentile})` },
};
