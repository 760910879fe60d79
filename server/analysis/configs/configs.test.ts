import { describe, expect, it } from "vitest";
import { analyser, apply } from "../../../test/analysis/analyser.ts";

const findings = (text: string) => analyser.openConfig(text).lint();
const rules = (text: string) => findings(text).map(({ rule }) => rule);
const marked = (text: string) => findings(text).map(({ range }) => text.slice(range.start, range.end));
const fixed = (text: string) => apply(text, analyser.openConfig(text).fixAll("unsafe").edits);

describe("DeepSpeed's JSON", () => {
  const json = (more: string) => `{
  "train_batch_size": 32,
  "fp16": {"enabled": true}${more}
}
`;

  it("says what a left-out threshold means, and writes it out", () => {
    expect(rules(json(""))).toEqual(["implicit-default"]);
    expect(marked(json(""))).toEqual(["{"]);
    expect(fixed(json(""))).toBe(json(',\n  "gradient_clipping": 1.0'));
    expect(JSON.parse(fixed(json("")))).toEqual({
      train_batch_size: 32,
      fp16: { enabled: true },
      gradient_clipping: 1,
    });
  });

  it("keeps carriage returns and one-line files", () => {
    const windows = json("").replaceAll("\n", "\r\n");
    expect(fixed(windows)).toBe(json(',\n  "gradient_clipping": 1.0').replaceAll("\n", "\r\n"));
    const line = '{"train_batch_size": 32, "optimizer": {"type": "Adam"}}';
    expect(fixed(line)).toBe('{"train_batch_size": 32, "optimizer": {"type": "Adam"}, "gradient_clipping": 1.0}');
  });

  it.each([
    ["zero", ', "gradient_clipping": 0', ["disabled-clipping"]],
    ["a negative number", ', "gradient_clipping": -1', ["disabled-clipping"]],
    ["one far too large", ', "gradient_clipping": 1e9', ["unlikely-threshold"]],
    ["one far too small", ', "gradient_clipping": 0.000001', ["unlikely-threshold"]],
    ["a threshold", ', "gradient_clipping": 1.0', []],
    ["what Hugging Face fills in", ', "gradient_clipping": "auto"', []],
  ])("%s", (_, more, expected) => expect(rules(json(more))).toEqual(expected));

  it.each([
    ["another file with a batch size", '{"train_batch_size": 32, "model": "resnet"}'],
    ["YAML with the same words", "train_batch_size: 32\noptimizer: adam\n"],
    ["no JSON at all", '{"train_batch_size": 32, "fp16"'],
    ["a list", '[{"train_batch_size": 32, "fp16": {}}]'],
    ["nothing", ""],
  ])("says nothing of %s", (_, text) => expect(rules(text)).toEqual([]));
});

describe("YAML", () => {
  it.each([
    ["Accelerate", "distributed_type: DEEPSPEED\ndeepspeed_config:\n  gradient_clipping: 0.0\n", "0.0"],
    ["Lightning's CLI", "trainer:\n  max_epochs: 3\n  gradient_clip_val: 0\n", "0"],
    ["Hydra, by nothing", "trainer:\n  gradient_clip_val: null  # off\n", "null"],
    ["Hugging Face", "output_dir: out\nmax_grad_norm: 0\n", "0"],
    ["Detectron2", "SOLVER:\n  CLIP_GRADIENTS:\n    ENABLED: False\n", "False"],
  ])("says where clipping is switched off: %s", (_, text, place) => {
    expect(rules(text)).toEqual(["disabled-clipping"]);
    expect(marked(text)).toEqual([place]);
  });

  it.each([
    ["a threshold", "trainer:\n  gradient_clip_val: 0.5\n"],
    ["an interpolation", `trainer:\n  gradient_clip_val: ${"$"}{clip}\n`],
    ["a key of that name elsewhere", "ppo:\n  max_grad_norm: 0\n"],
    ["Accelerate without a threshold", "distributed_type: DEEPSPEED\ndeepspeed_config:\n  zero_stage: 2\n"],
    ["tabs and braces that are no YAML", "trainer:\n\t{{ broken\n gradient_clip_val: 0"],
    ["aliases of aliases", "a: &a [gradient_clip_val]\nb: [*a, *a]\n"],
    ["a suppressed line", "trainer:\n  gradient_clip_val: 0  # gradsight: ignore[disabled-clipping]\n"],
  ])("says nothing of %s", (_, text) => expect(rules(text)).toEqual([]));
});

it("writes a threshold to the one place that has it", () => {
  const text = "trainer:\n  gradient_clip_val: 0.5 # norm\n";
  const edit = analyser.openConfig(text).thresholdEdit({ threshold: 2, siteLine: null, clipLine: null });
  expect("edits" in edit && apply(text, edit.edits)).toBe("trainer:\n  gradient_clip_val: 2.0 # norm\n");
  expect(analyser.openConfig("a: 1\n").thresholdEdit({ threshold: 2, siteLine: null, clipLine: null })).toHaveProperty(
    "refused",
  );
});
