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

describe("ignored-clip-setting of a wrapper", () => {
  const compiled = (optimizer: string) => `import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.LossScaleOptimizer(${optimizer}))
model.fit(x, y)
`;

  it("finds the argument, and gives it to the optimizer inside", () => {
    const text = compiled("keras.optimizers.Adam(), global_clipnorm=1.0");
    expect(rulesFound(text)).toEqual(["ignored-clip-setting"]);
    expect(fixAll(text)).toBe(compiled("keras.optimizers.Adam(global_clipnorm=1.0)"));
    expect(rulesFound(fixAll(text))).toEqual([]);
  });

  it("says nothing of None, or of an optimizer inside that clips", () => {
    expect(rulesFound(compiled("keras.optimizers.Adam(global_clipnorm=1.0), clipnorm=None"))).toEqual([]);
  });
});
