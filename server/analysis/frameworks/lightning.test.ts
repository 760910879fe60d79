import { describe, expect, it } from "vitest";
import { fixAll, lint, rulesFound } from "../../../test/analysis/analyser.ts";
import { placesIn } from "../../../test/analysis/project.ts";

const script = ({
  imports = "import lightning as L",
  body = "",
  trainer = "L.Trainer(max_epochs=1)",
  model = "Model()",
}) =>
  `${imports}
import torch

class Model(L.LightningModule):
    def training_step(self, batch, index):
        return self.net(batch).sum()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
${body}
trainer = ${trainer}
trainer.fit(${model})
`;

describe("Lightning's trainer", () => {
  it.each([
    ["lightning", {}],
    ["lightning.pytorch", { imports: "import lightning.pytorch as L" }],
    ["pytorch_lightning", { imports: "import pytorch_lightning as L" }],
  ])("trains unclipped unless it is told otherwise: %s", (_, parts) => {
    const text = script(parts);
    const [finding, ...more] = lint(text);
    expect(more).toEqual([]);
    expect(finding?.rule).toBe("missing-clipping");
    expect(finding && text.slice(finding.range.start, finding.range.end)).toBe("trainer.fit(Model())");
    expect(fixAll(text)).toBe(script({ ...parts, trainer: "L.Trainer(max_epochs=1, gradient_clip_val=1.0)" }));
  });

  it.each([
    ["a threshold", { trainer: "L.Trainer(gradient_clip_val=0.5)" }],
    ["a threshold from the command line", { trainer: "L.Trainer(gradient_clip_val=args.clip)" }],
    ["options that may hold one", { trainer: "L.Trainer(**options)" }],
    ["a trainer built elsewhere", { trainer: "make_trainer()" }],
    ["a model built elsewhere", { model: "make_model()" }],
    [
      "a module that clips by itself",
      { body: "    def configure_gradient_clipping(self, optimizer, *limits):\n        clip(optimizer)\n" },
    ],
    [
      "a hook before the update",
      { body: "    def on_before_optimizer_step(self, optimizer):\n        normalise(self)\n" },
    ],
    ["manual optimisation", { body: "    automatic_optimization = False\n" }],
  ])("says nothing of %s", (_, parts) => expect(rulesFound(script(parts))).toEqual([]));

  it("looks into the base classes of the file", () => {
    const text = script({
      body: `
class Tuned(Model):
    pass

class Own(Model):
    def optimizer_step(self, *arguments):
        pass
`,
    });
    expect(rulesFound(text.replace("fit(Model())", "fit(Tuned())"))).toEqual(["missing-clipping"]);
    expect(rulesFound(text.replace("fit(Model())", "fit(Own())"))).toEqual([]);
  });
});

describe("a model of a module that says nothing of training", () => {
  const found = (member: string) =>
    placesIn({
      "train.py": `import lightning as L
from tasks import Summaries

trainer = L.Trainer(max_epochs=1)
trainer.fit(Summaries(8))
`,
      "tasks.py": `from base import Task

class Summaries(Task):
    def validation_step(self, batch, index):
        return self.net(batch)
`,
      "base.py": `import lightning as L
import torch

class Task(L.LightningModule):
    ${member}

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
`,
    });

  it("is trained as its base class is", () => {
    expect(found("def training_step(self, batch, index): return self.net(batch).sum()")).toEqual([
      "5:missing-clipping",
    ]);
    expect(found("def on_before_optimizer_step(self, optimizer): normalise(self)")).toEqual([]);
  });
});

describe("Lightning's algorithm", () => {
  const trainer = (algorithm: string) => script({ trainer: `L.Trainer(gradient_clip_val=0.5${algorithm})` });
  it.each([
    ["the norm, without a word", "", []],
    ["the norm", ', gradient_clip_algorithm="norm"', []],
    ["values", ', gradient_clip_algorithm="value"', ["value-clipping"]],
    ["what is only asked for", ", gradient_clip_algorithm=args.algorithm", []],
  ])("clips by %s", (_, algorithm, expected) => expect(rulesFound(trainer(algorithm))).toEqual(expected));
});

it.each([
  "pytorch_lightning",
  "pytorch_lightning.core.lightning",
  "lightning.pytorch.core",
  "lightning.pytorch.core.module",
])("knows the module class by where it is imported from, so that its clip counts: %s", (from) => {
  const text = `import torch
from ${from} import LightningModule
class Net(LightningModule):
    def training_step(self, batch, index):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(self.net(batch).sum())
        optimizer.step()
`;
  expect(rulesFound(text)).toEqual(["missing-clipping"]);
  expect(fixAll(text)).toContain("self.clip_gradients(optimizer");
  expect(rulesFound(fixAll(text))).toEqual([]);
});
