import { expect, it } from "vitest";
import { grammarBytes } from "../../test/analysis/analyser.ts";
import { ModuleImporter } from "./importer.ts";
import { loadGrammar } from "./syntax/document.ts";

const grammar = await loadGrammar(grammarBytes);

const imported = (text: string) => {
  const module = { path: "/project/engine.py", text };
  const importer = new ModuleImporter({ path: "/project/train.py", workspace: { resolve: () => module } }, grammar);
  return importer.module("engine", importer.path)!;
};

it.each([
  ["an update", "def fit(o):\n    o.step()\n"],
  ["what is called a step", "advance = build()\nadvance_step(model)\n"],
  ["a method of that name", "class Rule:\n    def step(self):\n        pass\n"],
  ["an optimizer", "from torch.optim import Adam\n"],
  ["an optimizer of a module", "from bert.optimization import BertAdam\n"],
  ["a backward pass", "loss.backward()\n"],
  ["a threshold", "CLIP = 0.5\n"],
  ["an option", 'parser.add_argument("--clip", type=float)\n'],
  ["a clip", "from paddle.nn import ClipGradByNorm\n"],
  ["a clip that it is given", "def run(clip, limit):\n    clip(limit)\n"],
  ["gradients that are changed", "for p in parameters:\n    p.grad /= 2\n"],
  ["gradients", "updates = transform(gradients)\n"],
])("takes a module with %s for one that may have to do with training", (_, text) => {
  expect(imported(text).matters).toBe(true);
});

it.each([
  ["a scheduler's step", "latents = self.scheduler.step(noise, t, latents)\n"],
  ["steps that are counted", "for step in range(config.steps):\n    xm.mark_step()\n"],
  ["CLIP", "from transformers import CLIPTextModel\nclip_skip = 2\n"],
  ["an image that is clipped", "image = np.clip(image, 0, 1)\n"],
  ["gradient checkpointing", "if self.gradient_checkpointing:\n    pass\n"],
  ["other words of the kind", "# An optimized path; optional, for backwards compatibility.\n"],
])("leaves a module with %s aside", (_, text) => {
  expect(imported(text).matters).toBe(false);
});

it("keeps what a module was read to be, until its text is another one", () => {
  const module = imported("def fit():\n    pass\n");
  expect(module.names).toBe(module.names);
  const edited = imported("def train():\n    pass\n");
  expect(edited.names.functions.map(({ name }) => name)).toEqual(["train"]);
  expect(module.names.functions.map(({ name }) => name)).toEqual(["fit"]);
});

it("tells what a module may pass on from another one", () => {
  const module = imported("from .engine import fit, tame\n\ndef build():\n    return tame\n");
  expect(["fit", "build", "other"].map((name) => module.mentions(name))).toEqual([true, true, false]);
  expect(["fit", "build"].map((name) => module.mayPassOn(name))).toEqual([true, false]);
  expect(module.importsAll).toBe(false);
});
