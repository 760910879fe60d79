import { describe, expect, it } from "vitest";
import { fixAll, rulesFound } from "../../../test/analysis/analyser.ts";
import { choose } from "./testing/set-threshold.ts";

describe("in a module of Lightning's", () => {
  const lines = (...all: string[]) => `${all.join("\n")}\n`;
  const lightning = (step: string, hooks = "", built = "max_epochs=1") =>
    lines(
      "import torch",
      "import lightning as L",
      "",
      "",
      "class Model(L.LightningModule):",
      "    def __init__(self):",
      "        super().__init__()",
      `        self.automatic_optimization = ${!step.includes("manual")}`
        .replace("true", "True")
        .replace("false", "False"),
      "",
      "    def training_step(self, batch, index):",
      step + hooks,
      "",
      "    def configure_optimizers(self):",
      "        return torch.optim.SGD(self.parameters(), lr=1.0)",
      "",
      "",
      "model = Model()",
      `trainer = L.Trainer(${built})`,
      "trainer.fit(model)",
    ).replace("        self.automatic_optimization = True\n", "");
  const automatic = "        return self.loss(batch)";
  const manual =
    "        opt = self.optimizers()\n        opt.zero_grad()\n        self.manual_backward(self.loss(batch))\n        opt.step()";
  const groups = '[p for group in optimizer.param_groups for p in group["params"]]';
  const configure = (body: string) =>
    `\n\n    def configure_gradient_clipping(self, optimizer, gradient_clip_val, gradient_clip_algorithm):\n        ${body}`;
  const beforeUpdate = (body: string) => `\n\n    def on_before_optimizer_step(self, optimizer):\n        ${body}`;
  /** Where the manual update is; the trainer's own call makes none. */
  const siteOf = (text: string) => text.split("\n").findIndex((line) => /opt\.step|trainer\.fit/.test(line));

  it.each<[string, string, (body: string) => string]>([
    ["that the trainer optimises", automatic, configure],
    ["that optimises by hand", manual, beforeUpdate],
  ])("%s, by a method of it, once", (_, step, hook) => {
    for (const [kind, call] of [
      ["adaptive", `clip_grad_adaptively_(${groups}, clip_factor=0.01)`],
      ["autoclip", `autoclip(${groups})`],
    ] as const) {
      const text = lightning(step);
      const written = choose(text, kind, siteOf(text));
      expect(written.slice(written.indexOf("class Model"))).toBe(
        lightning(step, hook(call)).slice(text.indexOf("class Model")),
      );
      expect(rulesFound(written).filter((rule) => rule !== "hand-written-clipping")).toEqual([]);
      expect(choose(written, kind, siteOf(written))).toMatch(/^refused: /);
    }
  });

  it.each<[string, string, string]>([
    ["has such a method", lightning(automatic, beforeUpdate("self.watch()")), "`Model.on_before_optimizer_step` takes"],
    [
      "clips in one",
      lightning(automatic, beforeUpdate("torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)")),
      "line 13",
    ],
    ["is spread over shards", lightning(automatic, "", 'strategy="fsdp"'), "No place"],
    ["is spread in a way that can't be seen", lightning(automatic, "", "strategy=strategy"), "No place"],
    ["comes from a class elsewhere", lightning(automatic).replace("L.LightningModule)", "Base)"), "No place"],
    ["is told to clip already", lightning(automatic, "", "gradient_clip_val=1.0"), "Take `1.0` out"],
    [
      "makes another update by hand",
      lightning(`${manual}\n        self.manual_backward(self.other(batch))\n        opt.step()`),
      "No place",
    ],
  ])("which %s: not", (_, text, reason) => {
    expect(choose(text, "adaptive", siteOf(text))).toContain(`refused: `);
    expect(choose(text, "adaptive", siteOf(text))).toContain(reason);
  });

  it.each([
    ['precision="bf16-mixed"', true],
    ['precision="16-mixed"', false],
    ["precision=16", false],
  ])(
    "by a statement beside an update by hand with %s: %s, since a scaler's scale stays on until the update",
    (built, is) => {
      const text = lightning(manual, "", built);
      expect(fixAll(text).includes("self.clip_gradients(opt, gradient_clip_val=1.0")).toBe(is);
    },
  );

  it("leaves clipping to a method that has it already", () => {
    const text = lightning(automatic, configure("self.tame(optimizer)"));
    expect(choose(text, "value", siteOf(text))).toContain("`Model.configure_gradient_clipping` takes");
  });
});
