/** What PyTorch has no function for, as the fewest lines that are right, to be written into a script. */
import type { Helper } from "./spelling.ts";

/**
 * Adaptive gradient clipping: Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization" (2021), section 4.1.
 * The norms are those of a unit's incoming weights: over all dimensions but the first of a PyTorch weight, over all of a vector.
 */
export const ADAPTIVE: Helper = {
  name: "clip_grad_adaptively_",
  uses: ["torch.no_grad", "torch.linalg.vector_norm"],
  define: ([noGrad, vectorNorm]) => [
    "def clip_grad_adaptively_(parameters, clip_factor=0.01, eps=1e-3):",
    '    """AGC (Brock et al., 2021): bounds the gradient of each output unit by a share of the norm of its weights.',
    "",
    "    The paper leaves the last linear layer out: pass the other parameters only to do the same.",
    '    """',
    `    with ${noGrad}():`,
    "        for p in parameters:",
    "            if p.grad is not None:",
    "                dims = tuple(range(1, p.ndim)) or None",
    `                bound = clip_factor * ${vectorNorm}(p, dim=dims, keepdim=True).clamp(min=eps)`,
    `                norm = ${vectorNorm}(p.grad, dim=dims, keepdim=True).clamp(min=1e-6)`,
    "                p.grad.mul_((bound / norm).clamp(max=1.0))",
  ],
};

/** Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation Networks" (2020), whose percentile is 10. */
export const AUTOCLIP: Helper = {
  name: "AutoClip",
  uses: ["torch.linalg.vector_norm", "torch.stack", "torch.nn.utils.clip_grad_norm_"],
  define: ([vectorNorm, stack, clip]) => [
    "class AutoClip:",
    '    """Clips the global norm of the gradients to a percentile of all norms so far (Seetharaman et al., 2020).',
    "",
    "    10, the paper's, is the safest; when norms grow it clips too much.",
    '    """',
    "",
    "    def __init__(self, percentile=50.0):",
    "        self.percentile = percentile",
    "        self.norms = []",
    "",
    "    def __call__(self, parameters):",
    "        parameters = [p for p in parameters if p.grad is not None]",
    `        norm = ${vectorNorm}(${stack}([${vectorNorm}(p.grad.detach()) for p in parameters])).item()`,
    '        if norm < float("inf"):',
    "            self.norms.append(norm)",
    "        if self.norms:",
    "            position = round(self.percentile / 100 * (len(self.norms) - 1))",
    `            ${clip}(parameters, max_norm=sorted(self.norms)[position])`,
  ],
  object: { name: "autoclip", make: (helper, percentile) => `${helper}(percentile=${percentile})` },
};
