import { expect } from "vitest";
import { analyser, apply, parses } from "../../../../test/analysis/analyser.ts";

/** The text with the threshold written into it, or why that was refused. Lines are counted from 0. */
export function set(text: string, threshold = 0.5, at: { siteLine?: number | null; clipLine?: number | null } = {}) {
  const module = analyser.open(text);
  try {
    const result = module.thresholdEdit({ threshold, siteLine: at.siteLine ?? null, clipLine: at.clipLine ?? null });
    if ("refused" in result) return result;
    const written = apply(text, result.edits);
    expect(parses(written)).toBe(true);
    return { text: written, summary: result.summary, shared: result.shared ?? false };
  } finally {
    module.dispose();
  }
}

/** A training whose clip is given `threshold`, after some statements that it rests on. */
export const train = (before: string, threshold: string) => `import argparse
from dataclasses import dataclass
import torch
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), ${threshold})
optimizer.step()
`;
