/** The thresholds that recipes of each kind of network use, for code whose own norms nobody has seen yet. */
import type { Architecture } from "../frameworks/framework.ts";

export interface Convention {
  readonly threshold: number;
  /** "the convention for …" */
  readonly label: string;
  /** Why clipping matters there; null where most recipes go without. */
  readonly reason: string | null;
}

const CONVENTIONS: Readonly<Record<Architecture, Convention>> = {
  "language-model": {
    threshold: 0.25,
    label: "recurrent language models",
    reason: "Gradients through many time steps can explode.",
  },
  recurrent: { threshold: 1, label: "recurrent networks", reason: "Gradients through many time steps can explode." },
  transformer: { threshold: 1, label: "transformers", reason: "Attention is prone to sudden spikes of the gradient." },
  "vision-transformer": {
    threshold: 1,
    label: "vision transformers",
    reason: "Attention is prone to sudden spikes of the gradient.",
  },
  reinforcement: {
    threshold: 0.5,
    label: "policy-gradient methods",
    reason: "Returns vary widely, and so do the gradients.",
  },
  "value-learning": {
    threshold: 10,
    label: "Q-learning agents",
    reason: "Bootstrapped targets make the gradients vary widely.",
  },
  diffusion: { threshold: 1, label: "diffusion models", reason: "The loss varies widely between noise levels." },
  detector: { threshold: 10, label: "object detectors", reason: null },
  convolutional: { threshold: 1, label: "convolutional networks that clip at all", reason: null },
};

const USUAL: Convention = { threshold: 1, label: "most recipes", reason: null };

export function conventionFor(architecture: Architecture | null): Convention {
  return architecture ? CONVENTIONS[architecture] : USUAL;
}
