import { describe, expect, it } from "vitest";
import { fixAll, lint, parses, rulesFound } from "../../../test/analysis/analyser.ts";

const CLIP = "torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)";

/** Fixes the text, and checks what holds of every fix: it parses, is clean, and fixing again changes nothing. */
function fixed(text: string): string {
  const result = fixAll(text);
  expect(parses(result)).toBe(true);
  expect(rulesFound(result)).toEqual([]);
  expect(fixAll(result)).toBe(result);
  return result;
}

const simple =
  "import torch\noptimizer = torch.optim.SGD(model.parameters(), lr=1)\nfor x in data:\n    loss.backward()\n    optimizer.step()\n";

describe("layout", () => {
  it("stands before the step", () =>
    expect(fixed(simple)).toBe(simple.replace("    optimizer.step()", `    ${CLIP}\n    optimizer.step()`)));

  it("keeps CRLF", () => {
    const text = simple.replaceAll("\n", "\r\n");
    expect(fixed(text)).toBe(text.replace("    optimizer.step()", `    ${CLIP}\r\n    optimizer.step()`));
  });

  it("keeps tabs", () => {
    const text = simple.replaceAll("    ", "\t");
    expect(fixed(text)).toContain(`\t${CLIP}\n\toptimizer.step()`);
  });

  it("keeps a BOM first", () => {
    const text = `\uFEFF${simple}`;
    expect(fixed(text)).toBe(text.replace("    optimizer.step()", `    ${CLIP}\n    optimizer.step()`));
  });

  it("fits into one line", () => {
    const text = simple.replace("    loss.backward()\n    optimizer.step()", "    loss.backward(); optimizer.step()");
    expect(fixed(text)).toContain(`    loss.backward(); ${CLIP}; optimizer.step()\n`);
  });

  it("stays under the guard of the step", () => {
    const text = simple.replace("    optimizer.step()", "    if i % 4 == 0:\n        optimizer.step()");
    expect(fixed(text)).toContain(`    if i % 4 == 0:\n        ${CLIP}\n        optimizer.step()`);
    const inline = simple.replace("    optimizer.step()", "    if i % 4 == 0: optimizer.step()");
    expect(fixed(inline)).toContain(`    if i % 4 == 0: ${CLIP}; optimizer.step()`);
  });

  it("works without a line ending at the end", () =>
    expect(fixed(simple.trimEnd())).toContain(`${CLIP}\n    optimizer.step()`));
});

describe("names", () => {
  const start = "optimizer = SGD(model.parameters(), lr=1)\nloss.backward()\noptimizer.step()\n";
  it.each([
    ["import torch\nfrom torch.optim import SGD\n", "torch.nn.utils.clip_grad_norm_("],
    ["import torch\nfrom torch import nn\nfrom torch.optim import SGD\n", "\nnn.utils.clip_grad_norm_("],
    ["import torch.nn as nn\nfrom torch.optim import SGD\n", "\nnn.utils.clip_grad_norm_("],
    ["import torch.nn.utils as tu\nfrom torch.optim import SGD\n", "\ntu.clip_grad_norm_("],
    ["from torch.nn.utils import clip_grad_norm_\nfrom torch.optim import SGD\n", "\nclip_grad_norm_("],
    ["from torch.nn.utils import clip_grad_norm_ as clip\nfrom torch.optim import SGD\n", "\nclip("],
    ["import torch as th\nfrom torch.optim import SGD\n", "\nth.nn.utils.clip_grad_norm_("],
  ])("are those of %j", (imports, call) => {
    const result = fixed(imports + start);
    expect(result).toContain(call);
    expect(result.match(/import/g)).toHaveLength(imports.match(/import/g)?.length ?? 0);
  });

  it("import what is missing, after what is imported", () =>
    expect(fixed(`from torch.optim import SGD\n${start}`)).toMatch(/^from torch.optim import SGD\nimport torch\n/));

  it("import after a docstring and __future__", () =>
    expect(fixed(`"""Trains."""\nfrom __future__ import annotations\nfrom torch.optim import SGD\n${start}`)).toMatch(
      /^"""Trains."""\nfrom __future__ import annotations\nfrom torch.optim import SGD\nimport torch\n/,
    ));

  it("import once for two updates", () => {
    const two = `from torch.optim import SGD\na = SGD(x.parameters())\nb = SGD(y.parameters())\nloss.backward()\na.step()\nb.step()\n`;
    expect(fixed(two).match(/import torch\n/g)).toHaveLength(1);
  });
});

describe("parameters", () => {
  const train = (optimizer: string, before = "") =>
    `import itertools\nimport torch\n${before}optimizer = torch.optim.Adam(${optimizer})\nloss.backward()\noptimizer.step()\n`;
  const groups = '[p for group in optimizer.param_groups for p in group["params"]]';
  it.each([
    ["model.parameters()", "", "model.parameters()"],
    ["params=model.parameters()", "", "model.parameters()"],
    ["filter(lambda p: p.requires_grad, model.parameters())", "", "model.parameters()"],
    ["[p for p in model.parameters() if p.requires_grad]", "", "model.parameters()"],
    ["list(model.parameters())", "", "model.parameters()"],
    ["params", "params = list(model.parameters())\n", "params"],
    ["params", "params = filter(lambda p: p.requires_grad, model.parameters())\n", "model.parameters()"],
    ["itertools.chain(a.parameters(), b.parameters())", "", "itertools.chain(a.parameters(), b.parameters())"],
    ["list(a.parameters()) + list(b.parameters())", "", "list(a.parameters()) + list(b.parameters())"],
    ["[{'params': a.parameters()}, {'params': b.parameters(), 'lr': 1}]", "", groups.replaceAll('"', "'")],
    ["get_groups(model)", "from tools import get_groups\n", groups],
    ["[w, b]", "w = torch.zeros(8, requires_grad=True)\nb = torch.nn.Parameter(w)\n", "[w, b]"],
    ["[w]", "w = torch.zeros(8)\nw = w.requires_grad_()\n", groups],
    ["[group]", "group = {'params': model.parameters()}\n", groups.replaceAll('"', "'")],
  ])("of Adam(%s)", (given, before, expected) =>
    expect(fixed(train(given, before))).toContain(`clip_grad_norm_(${expected}, max_norm=1.0)\noptimizer.step()`),
  );

  it("are the model that a helper was given", () => {
    const text = `import torch
def train(net, opt):
    loss.backward()
    opt.step()
def main():
    model = build()
    optimizer = torch.optim.Adam(model.parameters())
    train(model, optimizer)
main()
`;
    expect(fixed(text)).toContain("    torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)\n    opt.step()");
  });

  it("are the groups of an optimizer that came without its model", () => {
    const text = "import torch\ndef train(model, optimizer):\n    loss.backward()\n    optimizer.step()\n";
    expect(fixed(text)).toContain(`clip_grad_norm_(${groups}, max_norm=1.0)`);
  });

  it("are the tensor that an agent tunes", () => {
    const agent = (more = "") => `import torch
class Agent:
    def __init__(self):
        self.log_alpha = torch.zeros(1, requires_grad=True)
        self.opt = torch.optim.Adam([self.log_alpha])${more}
    def tune(self, loss):
        loss.backward()
        self.opt.step()
`;
    expect(fixed(agent())).toContain("clip_grad_norm_([self.log_alpha], max_norm=1.0)");
    expect(rulesFound(fixed(agent()))).toEqual([]);
    expect(fixed(agent("\n        self.log_alpha = restored()"))).toContain("self.opt.param_groups");
  });

  it("are kept in self", () => {
    const text = `import torch
class Trainer:
    def __init__(self, net):
        self.model = net
        self.opt = torch.optim.Adam(net.parameters())
    def update(this, loss):
        loss.backward()
        this.opt.step()
`;
    expect(fixed(text)).toContain("clip_grad_norm_(this.model.parameters(), max_norm=1.0)");
  });

  it("belong to each side of a GAN", () => {
    const text = `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for x in data:
    g_loss.backward()
    opt_g.step()
    d_loss.backward()
    opt_d.step()
`;
    const result = fixed(text);
    expect(result).toContain("clip_grad_norm_(G.parameters(), max_norm=1.0)\n    opt_g.step()");
    expect(result).toContain("clip_grad_norm_(D.parameters(), max_norm=1.0)\n    opt_d.step()");
  });
});

describe("training styles", () => {
  it("unscales before it clips", () => {
    const text = `import torch
optimizer = torch.optim.SGD(model.parameters(), lr=1)
scaler = torch.cuda.amp.GradScaler()
scaler.scale(loss).backward()
scaler.step(optimizer)
scaler.update()
`;
    expect(fixed(text)).toContain(`backward()\nscaler.unscale_(optimizer)\n${CLIP}\nscaler.step(optimizer)`);
  });

  it("does not unscale twice", () => {
    const text = `import torch
optimizer = torch.optim.SGD(model.parameters(), lr=1)
scaler = torch.cuda.amp.GradScaler()
scaler.scale(loss).backward()
scaler.unscale_(optimizer)
scaler.step(optimizer)
`;
    expect(fixed(text).match(/unscale_/g)).toHaveLength(1);
  });

  it("clips inside a closure", () => {
    const text = `import torch
optimizer = torch.optim.LBFGS(model.parameters())
def closure():
    optimizer.zero_grad()
    loss = model(x).sum()
    loss.backward()
    return loss
optimizer.step(closure)
`;
    expect(fixed(text)).toContain(`    loss.backward()\n    ${CLIP}\n    return loss\n`);
  });

  it("uses the accelerator, only when gradients are whole", () => {
    const text = `import torch
from accelerate import Accelerator
accelerator = Accelerator(gradient_accumulation_steps=2)
optimizer = torch.optim.AdamW(model.parameters())
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x in loader:
    with accelerator.accumulate(model):
        accelerator.backward(model(x).sum())
        optimizer.step()
`;
    expect(fixed(text)).toContain(
      "        if accelerator.sync_gradients:\n            accelerator.clip_grad_norm_(model.parameters(), 1.0)\n        optimizer.step()",
    );
  });

  it("uses Fabric", () => {
    const text = `import torch
from lightning.fabric import Fabric
fabric = Fabric()
model, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), lr=1))
fabric.backward(model(x).sum())
optimizer.step()
`;
    expect(fixed(text)).toContain("fabric.clip_gradients(model, optimizer, max_norm=1.0)\noptimizer.step()");
  });
});

describe("over shards", () => {
  const train = (model: string, clip = "") => `import torch
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP
model = ${model}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
${clip}optimizer.step()
`;

  it("clips by the model's own method", () => {
    expect(fixAll(train("FSDP(net)"))).toBe(train("FSDP(net)", "model.clip_grad_norm_(1.0)\n"));
  });

  it("offers no fix where the model may be whole", () => {
    const text = train("FSDP(net) if args.shard else net");
    expect(rulesFound(text)).toEqual(["missing-clipping"]);
    expect(fixAll(text)).toBe(text);
  });
});

describe("a class that is handed what it trains", () => {
  const engine = `import torch
from torch import nn
class Engine:
    def __init__(self, net, stepper):
        self.net = net
        self.stepper = stepper
    def learn(self, data):
        for x in data:
            self.net(x).sum().backward()
            self.stepper.step()
`;
  const train = (name: string, network: string) =>
    `${name} = nn.${network}\nEngine(${name}, torch.optim.Adam(${name}.parameters())).learn(data)\n`;
  const both = `${engine}${train("first", "Conv2d(8, 8, 3)")}${train("second", "LSTM(8, 8)")}`;

  it("is given what each of its instances holds", () =>
    expect(fixed(both)).toContain("nn.utils.clip_grad_norm_(self.net.parameters(), max_norm=1.0)"));

  it("is judged by the network for which clipping is usual", () => {
    const [finding] = lint(both);
    expect(finding?.severity).toBe("warning");
    expect(finding?.related.map(({ range }) => both.slice(range.start, range.end))).toContain("nn.LSTM");
  });

  it("is given what the optimizer holds, where the instances don't hold the same", () => {
    const apart = both.replace("self.net = net", "self.net = net if net else None");
    expect(fixed(apart)).toContain(
      'clip_grad_norm_([p for group in self.stepper.param_groups for p in group["params"]]',
    );
  });
});
