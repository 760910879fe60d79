/** What PaddlePaddle has no class for, as the fewest lines that are right, to be written into a script; for eager code alone. */
import type { Helper } from "./spelling.ts";

/**
 * Adaptive gradient clipping: Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization" (2021), section 4.1.
 * The norms are those of a unit's incoming weights: over the first dimension of a layer's matrix, which Paddle has the other way round,
 * over all but the first of a convolution's weight, over all of a vector.
 */
export const ADAPTIVE: Helper = {
  name: "ClipGradAdaptively",
  uses: ["paddle.nn.clip.ClipGradBase", "paddle.no_grad", "paddle.clip"],
  define: ([base, noGrad, clip]) => [
    `class ClipGradAdaptively(${base}):`,
    '    """AGC (Brock et al., 2021): bounds the gradient of each output unit by a share of the norm of its weights.',
    "",
    "    The paper leaves the last linear layer out: give its weights need_clip=False to do the same.",
    '    """',
    "",
    "    def __init__(self, clip_factor=0.01, eps=1e-3):",
    "        super().__init__()",
    "        self.clip_factor = clip_factor",
    "        self.eps = eps",
    "",
    "    def __str__(self):",
    '        return f"Clip Gradient Adaptively, clip_factor={self.clip_factor:f}"',
    "",
    "    def __call__(self, params_grads):",
    "        def norm(x):",
    "            axes = [0] if x.ndim == 2 else list(range(1, x.ndim)) or None",
    "            return x.square().sum(axis=axes, keepdim=True).sqrt()",
    "",
    "        clipped = []",
    `        with ${noGrad}():`,
    "            for p, g in params_grads:",
    '                if g is not None and getattr(p, "need_clip", True):',
    `                    bound = self.clip_factor * ${clip}(norm(p), min=self.eps)`,
    `                    g = g * ${clip}(bound / ${clip}(norm(g), min=1e-6), max=1.0)`,
    "                clipped.append((p, g))",
    "        return clipped",
  ],
};

/** Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation Networks" (2020), whose percentile is 10. */
export const AUTOCLIP: Helper = {
  name: "ClipGradByHistory",
  uses: ["paddle.nn.clip.ClipGradBase", "paddle.nn.ClipGradByGlobalNorm", "paddle.no_grad", "paddle.stack"],
  define: ([base, byNorm, noGrad, stack]) => [
    `class ClipGradByHistory(${base}):`,
    '    """AutoClip: clips the global norm to a percentile of all norms so far (Seetharaman et al., 2020).',
    "",
    "    10, the paper's, is the safest; when norms grow it clips too much.",
    '    """',
    "",
    "    def __init__(self, percentile=50.0):",
    "        super().__init__()",
    "        self.percentile = percentile",
    "        self.norms = []",
    "",
    "    def __str__(self):",
    '        return f"Clip Gradient By the History of Norms, percentile={self.percentile:f}"',
    "",
    "    def __call__(self, params_grads):",
    '        grads = [g for p, g in params_grads if g is not None and getattr(p, "need_clip", True)]',
    "        if not grads:",
    "            return params_grads",
    `        with ${noGrad}():`,
    `            norm = ${stack}([g.astype("float32").square().sum() for g in grads]).sum().sqrt().item()`,
    '        if norm < float("inf"):',
    "            self.norms.append(norm)",
    "        if not self.norms:",
    "            return params_grads",
    "        position = round(self.percentile / 100 * (len(self.norms) - 1))",
    `        return ${byNorm}(sorted(self.norms)[position])(params_grads)`,
  ],
};
