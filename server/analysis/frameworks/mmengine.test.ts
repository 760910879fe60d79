import { describe, expect, it } from "vitest";
import { analyser, apply, fixAll, lint, parses, places } from "../../../test/analysis/analyser.ts";

const config = (more: string) =>
  `_base_ = "../schedule.py"
max_epochs = 12
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=1e-4)${more})
`;
const hook = (clip: string) => `optimizer = dict(type="SGD", lr=0.02)\noptimizer_config = dict(grad_clip=${clip})\n`;

describe("a configuration in Python", () => {
  it.each<[string, string, string[]]>([
    ["clipping switched off", config(", clip_grad=None"), ["3:disabled-clipping"]],
    ["the same for MMCV", hook("None"), ["2:disabled-clipping"]],
    ["a threshold of zero", config(", clip_grad=dict(max_norm=0)"), ["3:invalid-threshold"]],
    ["one far too large", hook("dict(max_norm=1e6, norm_type=2)"), ["2:unlikely-threshold"]],
    ["a threshold", config(", clip_grad=dict(max_norm=35, norm_type=2)"), []],
    ["a number by which it clips values", config(', clip_grad=dict(type="value", clip_value=0.2)'), []],
    ["nothing, which another file may say", config(""), []],
    ["what is merged with it", config(", **shared, clip_grad=dict(max_norm=limit)"), []],
    ["what is left to a base", hook("base"), []],
  ])("that gives %s", (_, text, expected) => expect(places(text)).toEqual(expected));

  it("is information only", () => {
    expect(lint(hook("None")).map(({ severity }) => severity)).toEqual(["information"]);
  });

  it.each([
    ["in a script", `${hook("None")}\ndef train():\n    return run(optimizer_config)\n`],
    ["under another name", hook("None").replace("optimizer_config", "options")],
    [
      "inside a function's call",
      hook("None").replace("optimizer_config =", "optimizer_config = build").replace("dict(", "("),
    ],
  ])("is not one %s", (_, text) => expect(places(text)).toEqual([]));
});

describe("a runner that a script makes", () => {
  const runner = (clip: string, imports = "from mmengine.runner import Runner") => `${imports}
from torch.optim import SGD

def main():
    runner = Runner(model=model, optim_wrapper=dict(optimizer=dict(type=SGD, lr=0.1)${clip}), train_cfg=dict(max_epochs=5))
    runner.train()
`;
  it.each<[string, string, string[]]>([
    ["clipping switched off", runner(", clip_grad=None"), ["5:disabled-clipping"]],
    ["a threshold of zero", runner(", clip_grad=dict(max_norm=0)"), ["5:invalid-threshold"]],
    ["a threshold", runner(", clip_grad=dict(max_norm=1)"), []],
    ["nothing", `${runner("")}# clip_grad`, []],
    ["a zero to something else", runner(", clip_grad=dict(max_norm=0)", "from engine import Runner"), []],
  ])("and gives %s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe("the threshold", () => {
  it.each([
    ["in place of what switches it off", config(", clip_grad=None"), config(", clip_grad=dict(max_norm=1.0)")],
    ["in MMCV's", hook("None"), hook("dict(max_norm=1.0)")],
  ])("is written out %s", (_, before, after) => {
    expect(fixAll(before)).toBe(after);
    expect(parses(after)).toBe(true);
    expect(places(after)).toEqual([]);
  });

  it.each([
    ["changed where it stands", config(", clip_grad=dict(max_norm=35)"), config(", clip_grad=dict(max_norm=2.0)")],
    ["added where it is left out", config(""), config(", clip_grad=dict(max_norm=2.0)")],
  ])("is %s", (_, before, after) => {
    // Without a word of clipping the file is not looked at.
    const text = `${before}# clip_grad\n`;
    const edit = analyser.open(text).thresholdEdit({ threshold: 2, siteLine: null, clipLine: null });
    expect("edits" in edit && apply(text, edit.edits)).toBe(`${after}# clip_grad\n`);
  });
});
