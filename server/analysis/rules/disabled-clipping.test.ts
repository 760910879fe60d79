import { describe, expect, it } from "vitest";
import { fixAll, lint, rulesFound } from "../../../test/analysis/analyser.ts";

const lightning = (argument: string) => `import lightning as L

class Model(L.LightningModule):
    def training_step(self, batch, index):
        return self(batch).sum()

trainer = L.Trainer(max_epochs=1${argument})
trainer.fit(Model())
`;
const huggingFace = (argument: string) => `from transformers import Trainer, TrainingArguments

arguments = TrainingArguments("out"${argument})
trainer = Trainer(model, arguments)
trainer.train()
`;

describe("disabled-clipping", () => {
  it.each([
    ["Hugging Face", huggingFace(", max_grad_norm=0")],
    ["Hugging Face, as a float", huggingFace(", max_grad_norm=0.0")],
    ["Hugging Face, by a constant", `LIMIT = 0\n${huggingFace(", max_grad_norm=LIMIT")}`],
    ["Lightning", lightning(", gradient_clip_val=None")],
    ["Lightning, zero", lightning(", gradient_clip_val=0")],
  ])("says it once, as information: %s", (_, text) => {
    expect(lint(text).map(({ rule, severity }) => [rule, severity])).toEqual([["disabled-clipping", "information"]]);
  });

  it.each([
    ["the default, which clips", huggingFace("")],
    ["a threshold", huggingFace(", max_grad_norm=0.5")],
    ["a threshold from outside", huggingFace(", max_grad_norm=options.limit")],
    ["options that may hold one", huggingFace(", **options")],
    ["a threshold for Lightning", lightning(", gradient_clip_val=0.5")],
  ])("says nothing of %s", (_, text) => expect(rulesFound(text)).toEqual([]));

  it("writes a threshold where the zero stood", () => {
    expect(fixAll(lightning(", gradient_clip_val=0"))).toBe(lightning(", gradient_clip_val=1.0"));
  });
});
