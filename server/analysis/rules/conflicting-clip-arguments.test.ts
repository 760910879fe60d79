import { describe, expect, it } from "vitest";
import { fixAll, lint, places, rulesFound } from "../../../test/analysis/analyser.ts";

const train = (clips: string, before = "") => `import torch
from torch import nn
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
for x in data:
    loss.backward()
${clips.replaceAll(/^/gm, "    ")}
    optimizer.step()
`;
const norm = (threshold: string) => `nn.utils.clip_grad_norm_(model.parameters(), ${threshold})`;
const found = (text: string) =>
  lint(text).flatMap(({ rule, range, fix }) =>
    rule === "conflicting-clip-arguments"
      ? [`${text.slice(0, range.start).split("\n").length} ${fix?.applicability}`]
      : [],
  );

describe("reports the clip that changes nothing, and takes it out", () => {
  it.each([
    ["a larger one that follows", `${norm("1.0")}\n${norm("5.0")}`, "8 safe", norm("1.0")],
    ["a larger one before", `${norm("5.0")}\n${norm("1.0")}`, "7 unsafe", norm("1.0")],
    ["the same again", `${norm("1.0")}\n${norm("1.0")}`, "8 unsafe", norm("1.0")],
    ["beside one that is used", `total = ${norm("1.0")}\n${norm("5.0")}`, "8 safe", `total = ${norm("1.0")}`],
  ])("%s", (_, clips, expected, left) => {
    expect(found(train(clips))).toEqual([expected]);
    expect(fixAll(train(clips))).toBe(train(left));
    expect(places(train(left))).toEqual([]);
  });

  it("with constants", () => {
    expect(found(train(`${norm("SMALL")}\n${norm("LARGE")}`, "SMALL = 0.5\nLARGE = 10"))).toEqual(["9 safe"]);
  });
});

it("reports an optimizer that is told twice", () => {
  const text = (options: string) => `import keras
model.compile(optimizer=keras.optimizers.Adam(${options}), loss="mse")
model.fit(x, y)
`;
  expect(rulesFound(text("clipnorm=1.0, clipvalue=0.5"))).toContain("conflicting-clip-arguments");
  expect(rulesFound(text("clipnorm=1.0, clipvalue=None"))).not.toContain("conflicting-clip-arguments");
  expect(rulesFound(text("clipnorm=args.norm, clipvalue=args.value"))).not.toContain("conflicting-clip-arguments");
  expect(fixAll(text("clipvalue=0.5, global_clipnorm=1.0"))).toBe(text("global_clipnorm=1.0"));
  expect(rulesFound(text("clipnorm=1.0"))).not.toContain("conflicting-clip-arguments");
});

describe("says nothing", () => {
  it.each([
    ["to one clip", norm("1.0")],
    ["to a norm that is measured first", `total = ${norm('float("inf")')}\n${norm("1.0")}`],
    ["to a norm that is logged", `total = ${norm("5.0")}\n${norm("1.0")}`],
    ["to a norm that is measured after", `${norm("1.0")}\ntotal = ${norm("5.0")}`],
    ["to a clip by value and one by norm", `${norm("1.0")}\nnn.utils.clip_grad_value_(model.parameters(), 5.0)`],
    ["to other parameters", `${norm("1.0")}\nnn.utils.clip_grad_norm_(head.parameters(), 5.0)`],
    ["to another kind of norm", `${norm("1.0")}\n${norm("5.0, norm_type=1")}`],
    ["to a clip under a condition", `if warm: ${norm("0.1")}\n${norm("1.0")}`],
    ["to a choice", `if warm: ${norm("0.1")}\nelse: ${norm("1.0")}`],
    ["to gradients that grew in between", `${norm("1.0")}\nloss.backward()\n${norm("5.0")}`],
    ["to thresholds that can't be followed", `${norm("args.a")}\n${norm("args.b")}`],
  ])("%s", (_, clips) => expect(found(train(clips))).toEqual([]));
});
