import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const head = `import torch
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
`;
const loop = (body: string) => `${head}for x in data:
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)";

describe("reports a clip of gradients that don't exist yet", () => {
  it.each<[string, string, string[]]>([
    [
      "after zero_grad",
      loop(`optimizer.zero_grad()\nloss = model(x)\n${clip}\nloss.backward()\noptimizer.step()`),
      ["7:clip-before-backward"],
    ],
    [
      "before zero_grad",
      loop(`${clip}\noptimizer.zero_grad()\nloss = model(x)\nloss.backward()\noptimizer.step()`),
      ["5:clip-before-backward"],
    ],
    [
      "where the model's gradients are zeroed after the step",
      loop(`${clip}\nmodel(x).backward()\noptimizer.step()\nmodel.zero_grad()`),
      ["5:clip-before-backward"],
    ],
    [
      "by value",
      loop(
        "optimizer.zero_grad()\ntorch.nn.utils.clip_grad_value_(model.parameters(), 1.0)\nloss.backward()\noptimizer.step()",
      ),
      ["6:clip-before-backward"],
    ],
    [
      "under a condition",
      loop(`optimizer.zero_grad()\nif args.clip:\n    ${clip}\nloss.backward()\noptimizer.step()`),
      ["7:clip-before-backward"],
    ],
    [
      "in a function without a loop",
      `import torch
def train(model, optimizer):
    optimizer.zero_grad()
    loss = model(x).sum()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
    loss.backward()
    optimizer.step()
`,
      ["5:clip-before-backward"],
    ],
    [
      "in a helper",
      `import torch
def tame(model):
    torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
def train(model, optimizer):
    optimizer.zero_grad()
    tame(model)
    model(x).sum().backward()
    optimizer.step()
`,
      ["3:clip-before-backward"],
    ],
    [
      "of the second optimizer of a pair",
      `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for x in data:
    opt_d.zero_grad()
    d_loss.backward()
    torch.nn.utils.clip_grad_norm_(D.parameters(), 1.0)
    opt_d.step()
    opt_g.zero_grad()
    torch.nn.utils.clip_grad_norm_(G.parameters(), 1.0)
    g_loss.backward()
    opt_g.step()
`,
      ["10:clip-before-backward"],
    ],
    [
      "through a scaler",
      loop(
        `optimizer.zero_grad()\n${clip}\nscaler.scale(model(x)).backward()\nscaler.step(optimizer)\nscaler.update()`,
      ),
      ["6:clip-before-backward"],
    ],
    [
      "with Fabric",
      `import torch
from lightning.fabric import Fabric
fabric = Fabric()
model, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), lr=1))
for x in loader:
    optimizer.zero_grad()
    fabric.clip_gradients(model, optimizer, max_norm=1.0)
    fabric.backward(model(x).sum())
    optimizer.step()
`,
      ["7:clip-before-backward"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

const lightning = (body: string, more = "", base = "L.LightningModule") => `import lightning as L
import torch


class Module(${base}):
    def training_step(self, batch, index):
        loss = self.net(batch).sum()
${body
  .split("\n")
  .map((line) => `        ${line}`)
  .join("\n")}
        return loss
${more}
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


L.Trainer(max_epochs=1).fit(Module(), data)
`;
const own = "torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)";

describe("reports a clip in a method that comes before the framework's backward pass", () => {
  it.each<[string, string, string[]]>([
    ["Lightning", lightning(own), ["8:clip-before-backward"]],
    [
      "Lightning, by its own method",
      lightning('self.clip_gradients(self.optimizers(), 1.0, "norm")'),
      ["8:clip-before-backward"],
    ],
    [
      "a Trainer",
      `import torch
from transformers import Trainer
class Mine(Trainer):
    def compute_loss(self, model, inputs, **kwargs):
        loss = model(**inputs).loss
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        return loss
`,
      ["6:clip-before-backward"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));

  it.each<[string, string]>([
    [
      "by hand",
      lightning(own, "").replace("    def training", "    automatic_optimization = False\n\n    def training"),
    ],
    [
      "where a base may optimise by hand",
      lightning(own, "", "Mixin, L.LightningModule").replace("import torch", "import torch\nfrom tools import Mixin"),
    ],
    [
      "in a hook that comes after it",
      lightning("pass", `    def on_before_optimizer_step(self, optimizer):\n        ${own}\n`),
    ],
  ])("but not one %s", (_, text) =>
    expect(places(text).filter((place) => place.endsWith("clip-before-backward"))).toEqual([]),
  );

  it("and moves it to one that comes after it", () => {
    const fixed = fixAll(lightning(own));
    expect(fixed).toBe(
      lightning("pass", `\n    def on_before_optimizer_step(self, optimizer):\n        ${own}\n`).replace(
        "        pass\n",
        "",
      ),
    );
    expect(places(fixed)).toEqual([]);
  });
});

describe("says nothing", () => {
  it.each<[string, string]>([
    [
      "to accumulation that is clipped at the next micro-batch",
      loop(`${clip}\nloss.backward()\nif i % 4 == 3:\n    optimizer.step()\n    optimizer.zero_grad()`),
    ],
    ["to a loop that steps first", loop(`${clip}\noptimizer.step()\noptimizer.zero_grad()\nmodel(x).backward()`)],
    [
      "to a loop whose second turn clips what the first left",
      loop(`if i > 0:\n    ${clip}\n    optimizer.step()\n    optimizer.zero_grad()\nmodel(x).backward()`),
    ],
    [
      "where no gradients are ever zeroed",
      loop(`${clip}\nloss.backward()\noptimizer.step()`).replace("LSTM", "Linear"),
    ],
    [
      "to a clip between two backward passes",
      loop(`optimizer.zero_grad()\na.backward()\n${clip}\nb.backward()\noptimizer.step()`),
    ],
    [
      "where unseen code may clip after the backward pass",
      loop(`optimizer.zero_grad()\n${clip}\nloss.backward()\ntame(model)\noptimizer.step()`),
    ],
    [
      "to a clip of gradients that another optimizer's zero_grad leaves alone",
      `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for x in data:
    opt_g.zero_grad()
    first.backward()
    opt_d.zero_grad()
    torch.nn.utils.clip_grad_norm_(G.parameters(), 1.0)
    second.backward()
    opt_g.step()
`,
    ],
    ["to a clip in the right place", loop(`optimizer.zero_grad()\nloss.backward()\n${clip}\noptimizer.step()`)],
  ])("%s", (_, text) => expect(places(text).filter((place) => place.endsWith("clip-before-backward"))).toEqual([]));
});

describe("moves the clip", () => {
  it("with its condition", () => {
    const text = loop(`optimizer.zero_grad()\nif args.clip:\n    ${clip}\nloss.backward()\noptimizer.step()`);
    const fixed = fixAll(text);
    expect(fixed).toBe(loop(`optimizer.zero_grad()\nloss.backward()\nif args.clip:\n    ${clip}\noptimizer.step()`));
    expect(places(fixed)).toEqual([]);
  });

  it("and unscales where a scaler steps", () => {
    const fixed = fixAll(loop(`optimizer.zero_grad()\n${clip}\nscaler.scale(loss).backward()\nscaler.step(optimizer)`));
    expect(fixed).toContain(`.backward()\n    scaler.unscale_(optimizer)\n    ${clip}\n    scaler.step(optimizer)\n`);
    expect(places(fixed)).toEqual([]);
  });

  it("unless its result is used before the update", () => {
    const text = loop(`optimizer.zero_grad()\nnorm = ${clip}\nlog(norm)\nloss.backward()\noptimizer.step()`);
    expect(places(text)).toEqual(["6:clip-before-backward"]);
    expect(fixAll(text)).toBe(text);
  });
});
