import { describe, expect, it } from "vitest";
import { fixAll, lint } from "../../../test/analysis/analyser.ts";

/** The rules that find something, besides what is a matter of taste. */
const found = (text: string) => lint(text).flatMap(({ rule, severity }) => (severity === "hint" ? [] : [rule]));

const IMPORTS = `import os
import yaml
from detectron2 import model_zoo
from detectron2.config import get_cfg
from detectron2.engine import DefaultTrainer, default_setup
`;
const train = (written: string, trainer = "DefaultTrainer") => `${IMPORTS}
cfg = get_cfg()
cfg.merge_from_file(model_zoo.get_config_file("COCO-Detection/retinanet_R_50_FPN_1x.yaml"))
cfg.SOLVER.BASE_LR = 0.001
${written}
os.makedirs(cfg.OUTPUT_DIR, exist_ok=True)
trainer = ${trainer}(cfg)
trainer.resume_or_load(resume=False)
trainer.train()
`;
const clip = (entries: Record<string, string>) =>
  Object.entries(entries)
    .map(([name, value]) => `cfg.SOLVER.CLIP_GRADIENTS.${name} = ${value}`)
    .join("\n");

describe("a trainer with a configuration that is written here", () => {
  it.each<[string, string, string[]]>([
    ["of which nothing clips", "", ["missing-clipping"]],
    ["that clips", clip({ ENABLED: "True", CLIP_TYPE: '"norm"', CLIP_VALUE: "5.0" }), []],
    ["that clips to the default", clip({ ENABLED: "True" }), []],
    ["that names a threshold and switches nothing on", clip({ CLIP_VALUE: "5.0" }), ["ignored-clip-setting"]],
    ["that switches clipping off", clip({ ENABLED: "False", CLIP_VALUE: "5.0" }), ["disabled-clipping"]],
    ["that clips to zero", clip({ ENABLED: "True", CLIP_VALUE: "0" }), ["invalid-threshold"]],
    ["that clips to nearly nothing", clip({ ENABLED: "True", CLIP_VALUE: "1e-9" }), ["unlikely-threshold"]],
    ["that clips where it is told to", clip({ ENABLED: "args.clip" }), []],
    ["that clips under a condition", "if args.clip:\n    cfg.SOLVER.CLIP_GRADIENTS.ENABLED = True", []],
    ["that is written out of sight", "cfg.merge_from_list(args.opts)", []],
    ["from a file", 'cfg.merge_from_file("mine.yaml")', []],
    ["that a function of another module is given", "from mine import add_options\nadd_options(cfg)", []],
    ["of which it is given the section", "from mine import add_options\nadd_options(cfg.SOLVER)", []],
    [
      "of which it is given the number of steps",
      "from mine import plan\nplan(cfg.SOLVER.MAX_ITER)",
      ["missing-clipping"],
    ],
    ["whose section is another's", "cfg.SOLVER.CLIP_GRADIENTS = options", []],
    ["that Detectron2 is given", "default_setup(cfg, args)", ["missing-clipping"]],
  ])("%s", (_, written, expected) => expect(found(train(written))).toEqual(expected));

  it("is information where nothing clips, and has no fix: it can't be told to clip by the global norm", () => {
    const [finding] = lint(train(""));
    expect(finding).toMatchObject({ rule: "missing-clipping", severity: "information", fix: null });
    expect(fixAll(train(""))).toBe(train(""));
  });

  it("is told why a threshold has no effect, at the threshold", () => {
    const text = train(clip({ CLIP_VALUE: "5.0" }));
    const findings = lint(text);
    expect(findings.map(({ range }) => text.slice(range.start, range.end))).toEqual(["5.0"]);
    expect(findings[0]?.message).toContain("`SOLVER.CLIP_GRADIENTS.ENABLED` is `True`");
  });
});

describe("a configuration that comes from a function of the file", () => {
  const made = (inner: string, outer: string, more = "") => `${IMPORTS}
${more}
def setup(rate):
    c = get_cfg()
    c.SOLVER.BASE_LR = rate
${inner}
    return c


def main(settings):
    settings.OUTPUT_DIR = "out"
    DefaultTrainer(settings).train()


cfg = setup(0.1)
${outer}
main(cfg)
`;
  const on = "SOLVER.CLIP_GRADIENTS.ENABLED = True";
  it.each<[string, string, string[]]>([
    ["clips nowhere", made("", ""), ["missing-clipping"]],
    ["clips as it is made", made(`    c.${on}`, ""), []],
    ["clips as it is written later", made("", `cfg.${on}`), []],
    ["clips in a helper", made("", "clip(cfg)", `def clip(options):\n    options.${on}\n`), []],
    [
      "is left alone by a helper",
      made("", "show(cfg)", "def show(c):\n    print(c.OUTPUT_DIR)\n"),
      ["missing-clipping"],
    ],
    ["is merged in a helper", made("", "add(cfg)", "def add(c):\n    c.merge_from_list(args.opts)\n"), []],
  ])("%s", (_, text, expected) => expect(found(text)).toEqual(expected));
});

describe("a trainer of one's own", () => {
  const own = (members: string) => train(`\nclass Trainer(DefaultTrainer):\n${members}\n`, "Trainer");
  const evaluates = "    @classmethod\n    def build_evaluator(cls, cfg, name):\n        return evaluators(name)\n";
  it.each<[string, string, string[]]>([
    ["that only evaluates in its own way", own(evaluates), ["missing-clipping"]],
    [
      "that may clip in its optimizer",
      own("    @classmethod\n    def build_optimizer(cls, cfg, model):\n        return get(model)\n"),
      [],
    ],
    ["that has a step of its own", own(`${evaluates}\n    def run_step(self):\n        step(self)\n`), []],
  ])("%s", (_, text, expected) => expect(found(text)).toEqual(expected));
});

it.each([
  ["that clips nothing", "get_cfg", "from detectron2.config import get_cfg\n"],
  ["of another library", "get_options", "from mine import get_options\n"],
])("says nothing of a configuration %s and no trainer", (_, make, imports) => {
  expect(found(`${imports}cfg = ${make}()\ncfg.SOLVER.CLIP_GRADIENTS.ENABLED = False\n# DefaultTrainer\n`)).toEqual([]);
});
