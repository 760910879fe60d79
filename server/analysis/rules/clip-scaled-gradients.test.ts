import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const train = (body: string, scaler = "torch.cuda.amp.GradScaler()") => `import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
scaler = ${scaler}
for x in data:
    scaler.scale(model(x).sum()).backward()
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)";

describe("reports a clip of scaled gradients", () => {
  it.each<[string, string, string[]]>([
    ["plain", train(`${clip}\nscaler.step(optimizer)`), ["7:clip-scaled-gradients"]],
    [
      "with a scaler that may be enabled",
      train(`${clip}\nscaler.step(optimizer)`, "torch.amp.GradScaler('cuda', enabled=args.amp)"),
      ["7:clip-scaled-gradients"],
    ],
    ["under a condition", train(`if args.clip > 0:\n    ${clip}\nscaler.step(optimizer)`), ["8:clip-scaled-gradients"]],
    [
      "with a scaler passed in",
      `import torch
def train(model, optimizer, scaler):
    scaler.scale(model(x).sum()).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
`,
      ["4:clip-scaled-gradients"],
    ],
    [
      "with an optimizer of this file's own",
      `import torch
class Warm:
    def __init__(self, optimizer):
        self.optimizer = optimizer
    def step(self):
        self.optimizer.step()
optimizer = Warm(torch.optim.Adam(model.parameters()))
scaler = torch.amp.GradScaler()
for x in data:
    if amp:
        scaler.scale(model(x).sum()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
    else:
        model(x).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
`,
      ["12:clip-scaled-gradients"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe("says nothing", () => {
  it.each<[string, string]>([
    ["after unscale_", train(`scaler.unscale_(optimizer)\n${clip}\nscaler.step(optimizer)`)],
    [
      "where unscale_ is under a condition",
      train(`if amp:\n    scaler.unscale_(optimizer)\n${clip}\nscaler.step(optimizer)`),
    ],
    [
      "to a scaler that is switched off",
      train(`${clip}\nscaler.step(optimizer)`, "torch.cuda.amp.GradScaler(enabled=False)"),
    ],
    [
      "in a trainer that nothing here builds",
      `import torch
class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.AdamW(model.parameters())
        self.scaler = torch.amp.GradScaler("cuda")
    def update(self, loss):
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.scaler.step(self.optimizer)
`,
    ],
    [
      "to a first try without the scaler, whose gradients no update of it gets",
      train(`scaler.unscale_(optimizer)\n${clip}\nscaler.step(optimizer)`).replace(
        "for x in data:",
        `model(first).sum().backward()\n${clip}\noptimizer.zero_grad()\nfor x in data:`,
      ),
    ],
    [
      "to bf16 without a scaler",
      `import torch
optimizer = torch.optim.Adam(model.parameters())
model(x).sum().backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
`,
    ],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});

it("inserts the unscaling before the clip", () => {
  const fixed = fixAll(train(`if args.clip > 0:\n    ${clip}\nscaler.step(optimizer)`));
  expect(fixed).toContain(`        scaler.unscale_(optimizer)\n        ${clip}\n`);
  expect(places(fixed)).toEqual([]);
});

it("moves an unscaling that comes after the clip", () => {
  const fixed = fixAll(train(`${clip}\nscaler.unscale_(optimizer)\nscaler.step(optimizer)\nscaler.update()`));
  expect(fixed).toBe(train(`scaler.unscale_(optimizer)\n${clip}\nscaler.step(optimizer)\nscaler.update()`));
  expect(places(fixed)).toEqual([]);
});

it("leaves a clip alone that an unscaled update shares", () => {
  const text = `import torch
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.amp.GradScaler()
if amp:
    scaler.scale(loss).backward()
else:
    loss.backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
if amp:
    scaler.step(optimizer)
else:
    optimizer.step()
`;
  expect(places(text)).toEqual(["8:clip-scaled-gradients"]);
  expect(fixAll(text)).toBe(text);
});

describe("Apex's block", () => {
  const apex = (inside: string, after: string) => `import torch
from apex import amp
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
model, optimizer = amp.initialize(model, optimizer, opt_level="O1")
for x in data:
    optimizer.zero_grad()
    with amp.scale_loss(model(x).sum(), optimizer) as scaled:
        scaled.backward()
${inside}${after}    optimizer.step()
`;
  const masters = "torch.nn.utils.clip_grad_norm_(amp.master_params(optimizer), 1.0)\n";
  it("unscales at its end: the clip comes after it", () => {
    const text = apex(`        ${masters}`, "");
    expect(places(text)).toEqual(["10:clip-scaled-gradients"]);
    expect(fixAll(text)).toBe(apex("", `    ${masters}`));
    expect(places(fixAll(text))).toEqual([]);
  });

  it("keeps a clip that something in it follows", () => {
    const text = apex(`        ${masters}        print(x)\n`, "");
    expect(places(text)).toEqual(["10:clip-scaled-gradients"]);
    expect(fixAll(text)).toBe(text);
  });

  it("says nothing of another block", () => {
    expect(places(apex(`        ${masters}`, "").replace("amp.scale_loss", "record"))).toEqual([]);
  });
});

describe("Lightning unscales within the update", () => {
  const module = (clip: string, precision: string) => `import lightning as L
import torch
class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.net = torch.nn.LSTM(8, 8)
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
    def training_step(self, batch, index):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(self.net(batch)[0].sum())
        ${clip}
        optimizer.step()
trainer = L.Trainer(${precision})
trainer.fit(Net(), data)
`;
  const byHand = "torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)";
  const byMethod = "self.clip_gradients(optimizer, gradient_clip_val=1.0)";
  const scaled = ["14:clip-scaled-gradients"];
  it.each([
    [byHand, "precision='16-mixed'", scaled],
    [byMethod, "precision=16", scaled],
    [byHand, "precision='bf16-mixed'", []],
    [byHand, "precision=args.precision", []],
    [byHand, "", []],
    [`self.trainer.precision_plugin.scaler.unscale_(optimizer); ${byHand}`, "precision='16-mixed'", []],
    [byHand, "precision='16-mixed')\nslow = L.Trainer(precision='32'", []],
  ])("%s with %s", (clip, precision, expected) => expect(places(module(clip, precision))).toEqual(expected));
});
