import { describe, expect, it } from "vitest";
import { apply, lint, rulesFound } from "../../../test/analysis/analyser.ts";

const train = (clip: string, step = "optimizer.step()", before = "") => `import math
import torch
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
${clip}
${step}
`;
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)";
const on = { severity: { "unchecked-nonfinite": "warning" } } as const;

it("is off until it is selected, by a severity or by name", () => {
  expect(rulesFound(train(clip))).toEqual([]);
  expect(lint(train(clip), on)).toMatchObject([{ rule: "unchecked-nonfinite", severity: "warning" }]);
  expect(lint(train(clip), { selected: new Set(["unchecked-nonfinite"]) })).toMatchObject([
    { severity: "information" },
  ]);
  expect(rulesFound(train(clip), { ...on, severity: { "unchecked-nonfinite": "off" } })).toEqual([]);
});

it("adds the argument, in lines of their own where the others have them", () => {
  const spread = (argument: string) =>
    train(`torch.nn.utils.clip_grad_norm_(\n    model.parameters(),\n    1.0,\n${argument})`);
  const [finding] = lint(spread(""), on);
  expect(apply(spread(""), finding?.fix?.edits ?? [])).toBe(spread("    error_if_nonfinite=True,\n"));
});

describe("says nothing", () => {
  it.each([
    ["where it raises", train(clip.replace(")", "), 1.0, error_if_nonfinite=True").replace("True, 1.0)", "True)"))],
    ["where the norm is looked at", train(`norm = ${clip}`)],
    ["where the file looks for NaN", train(clip, "if math.isfinite(loss.item()):\n    optimizer.step()")],
    ["where the scaler skips the update", train(clip, "scaler.step(optimizer)", "scaler = torch.amp.GradScaler()")],
    ["to clipping by value", train("torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)")],
    ["where arguments can't be seen", train("torch.nn.utils.clip_grad_norm_(model.parameters(), **options)")],
  ])("%s", (_, text) => {
    expect(rulesFound(text, on)).not.toContain("unchecked-nonfinite");
  });
});
