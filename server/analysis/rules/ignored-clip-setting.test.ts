import { describe, expect, it } from "vitest";
import { fixAll, rulesFound } from "../../../test/analysis/analyser.ts";

const script = (trainer: string, member = "automatic_optimization = False") => `import lightning as L

class Model(L.LightningModule):
    ${member}

    def training_step(self, batch, index):
        optimizer = self.optimizers()
        self.manual_backward(self(batch).sum())
        self.clip_gradients(optimizer, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        optimizer.step()

trainer = L.Trainer(${trainer})
trainer.fit(Model())
`;

describe("ignored-clip-setting", () => {
  it.each([
    ["after other arguments", "max_epochs=1, gradient_clip_val=0.5", "max_epochs=1"],
    ["before others", "gradient_clip_val=0.5, max_epochs=1", "max_epochs=1"],
    ["alone", "gradient_clip_val=0.5", ""],
  ])("finds the argument, and takes it out: %s", (_, wrong, right) => {
    expect(rulesFound(script(wrong))).toEqual(["ignored-clip-setting"]);
    expect(fixAll(script(wrong))).toBe(script(right));
  });

  it.each([
    ["no threshold", script("max_epochs=1")],
    ["one that is off", script("gradient_clip_val=None")],
    ["automatic optimisation", script("gradient_clip_val=0.5", "automatic_optimization = True")],
    ["a property", script("gradient_clip_val=0.5", "automatic_optimization = by_hand()")],
  ])("says nothing of %s", (_, text) => expect(rulesFound(text)).toEqual([]));
});
