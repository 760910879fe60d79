import { expect } from "vitest";
import { analyser, apply, parses } from "../../../../test/analysis/analyser.ts";
import type { OtherKind } from "../../frameworks/spelling.ts";

interface At {
  readonly siteLine?: number | null;
  readonly clipLine?: number | null;
  readonly kind?: OtherKind;
}

/** The text with the threshold written into it, or why that was refused. Lines are counted from 0. */
export function set(text: string, threshold = 0.5, at: At = {}) {
  const module = analyser.open(text);
  try {
    const result = module.thresholdEdit({ threshold, siteLine: null, clipLine: null, ...at });
    if ("refused" in result) return result;
    const written = apply(text, result.edits);
    expect(parses(written)).toBe(true);
    return { text: written, summary: result.summary, range: result.range, shared: result.shared ?? false };
  } finally {
    module.dispose();
  }
}

/** The same in one: the text with a threshold of 3, or `refused: ` and why. */
export function written(text: string, at?: At): string {
  const result = set(text, 3, at);
  return "refused" in result ? `refused: ${result.refused}` : result.text;
}

export const choose = (text: string, kind: OtherKind, siteLine: number | null = null) =>
  written(text, { kind, siteLine });

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
