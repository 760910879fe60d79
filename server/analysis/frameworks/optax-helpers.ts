/** What Optax has no transformation for, as the fewest lines that are right, to be written into a script. It may be compiled. */
import type { Helper } from "./spelling.ts";

/**
 * Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation Networks" (2020), whose percentile is 10.
 * Of a fixed number of norms, since a compiled state can't grow.
 */
export const AUTOCLIP: Helper = {
  name: "autoclip",
  uses: [
    "optax.GradientTransformation",
    "optax.global_norm",
    "jax.tree_util.tree_map",
    "jax.numpy.full",
    "jax.numpy.zeros",
    "jax.numpy.isfinite",
    "jax.numpy.where",
    "jax.numpy.clip",
    "jax.numpy.sort",
    "jax.numpy.round",
  ],
  define: ([transformation, globalNorm, map, full, zeros, finite, where, clip, sort, round]) => [
    "def autoclip(percentile=50.0, memory=10000):",
    '    """Clips the global norm of the gradients to a percentile of the latest norms (Seetharaman et al., 2020).',
    "",
    "    10, the paper's, is the safest; when norms grow it clips too much.",
    '    """',
    "",
    "    def init(params):",
    `        return ${full}((memory,), float("inf")), ${zeros}((), int)`,
    "",
    "    def update(updates, state, params=None):",
    "        norms, count = state",
    `        norm = ${globalNorm}(updates)`,
    `        finite = ${finite}(norm)`,
    "        slot = count % memory",
    `        norms = norms.at[slot].set(${where}(finite, norm, norms[slot]))`,
    "        count = count + finite",
    `        last = ${clip}(count, 1, memory) - 1`,
    `        bound = ${sort}(norms)[${round}(percentile / 100 * last).astype(int)]`,
    `        scale = ${where}(norm > bound, bound / norm, 1.0)`,
    `        return ${map}(lambda g: g * scale.astype(g.dtype), updates), (norms, count)`,
    "",
    `    return ${transformation}(init, update)`,
  ],
};
