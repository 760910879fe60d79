import { describe, expect, it } from "vitest";
import { places } from "../../../test/analysis/analyser.ts";
import { each, injected, loop } from "./testing/loop.ts";

describe("reports an update that no clip reaches", () => {
  const reported: [string, string, string[]][] = [
    ["a plain loop", loop("loss.backward()\noptimizer.step()"), ["10:missing-clipping"]],
    ...[
      ["p.grad /= 4", ""],
      ["p.grad.data.mul_(1.0 / tasks)", "tasks = 16"],
      ["p.grad = p.grad / len(batches)", ""],
      ["p.grad.mul_(1 / float(torch.distributed.get_world_size()))", ""],
      ["p.grad.data.div_(config.solver.accumulate)", "import config"],
      ["p.grad /= rows // (8 * ranks)", 'import os\nrows, ranks = 512, int(os.environ["WORLD_SIZE"])'],
      ["p.grad /= ranks", 'import os\nranks = float(os.environ.get("WORLD_SIZE", 1))'],
      ["p.grad *= 1 / options.workers", "import argparse\noptions = argparse.ArgumentParser().parse_args()"],
    ].map(([change = "", before = ""]): [string, string, string[]] => [
      `gradients that are averaged: ${change}`,
      loop(`loss.backward()\n${each(change)}\noptimizer.step()`, before),
      [`${12 + before.split("\n").length - 1}:missing-clipping`],
    ]),
    [
      "gradients that are averaged by a helper, by what it is given",
      `import torch
def average(parameters, tasks):
    for p in parameters:
        p.grad.div_(tasks)
def train(model, batches, tasks=8):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in batches:
        optimizer.zero_grad()
        model(batch).sum().backward()
        average(model.parameters(), tasks)
        optimizer.step()
`,
      ["11:missing-clipping"],
    ],
    [
      "a local name for other gradients",
      loop("loss.backward()\ngrad = torch.autograd.grad(penalty, x)[0]\nreport(grad)\noptimizer.step()"),
      ["12:missing-clipping"],
    ],
    [
      "a function that only reads, and is handed to something else",
      loop(
        "loss.backward()\nevery(10, show)\noptimizer.step()",
        "from tools import every\ndef show():\n    print('step')",
      ),
      ["13:missing-clipping"],
    ],
    ...["clone()", "get_input_embeddings()", "is_done()"].map((call): [string, string, string[]] => [
      `a model that is only read: ${call}`,
      loop(`loss.backward()\nmodel.${call}\noptimizer.step()`),
      ["11:missing-clipping"],
    ]),
    ...["average_gradients", "mpi_avg_grads", "sync_gradients", "allreduce_params"].map(
      (name): [string, string, string[]] => [
        `gradients whose mean is taken: ${name}`,
        loop(`loss.backward()\n${name}(model)\noptimizer.step()`, `from tools import ${name}`),
        ["11:missing-clipping"],
      ],
    ),
    ...["limit", "limit is not None", "not (limit is None)", "limit is not None and ready"].map(
      (test): [string, string, string[]] => [
        `a clip that is given None: if ${test}`,
        `import torch
def tame(parameters, limit):
    if ${test}:
        limit = float(limit)
        torch.nn.utils.clip_grad_norm_(parameters, limit)
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    model(x)[0].sum().backward()
    tame(model.parameters(), None)
    optimizer.step()
`,
        ["11:missing-clipping"],
      ],
    ),
    [
      "gradients that are handed on unclipped",
      `import torch
def train(model, shared):
    optimizer = torch.optim.Adam(shared.parameters())
    loss.backward()
    for p, q in zip(model.parameters(), shared.parameters()):
        q._grad = p.grad
    optimizer.step()
`,
      ["7:missing-clipping"],
    ],
    [
      "beside a hook that only looks",
      loop("loss.backward()\noptimizer.step()", "def watch(p):\n    p.register_hook(lambda g: print(g.norm()))"),
      ["11:missing-clipping"],
    ],
    [
      "of a model that was built together with another one, which is clipped",
      `import torch
def build():
    a, b = torch.nn.LSTM(8, 8), torch.nn.LSTM(8, 8)
    return a, torch.optim.Adam(a.parameters()), b, torch.optim.Adam(b.parameters())
one, optimizer, other, optimizer2 = build()
for x in data:
    optimizer.zero_grad()
    one(x)[0].sum().backward()
    torch.nn.utils.clip_grad_norm_(one.parameters(), 1.0)
    optimizer.step()
    optimizer2.zero_grad()
    other(x)[0].sum().backward()
    optimizer2.step()
`,
      ["13:missing-clipping"],
    ],
    [
      "an optimizer that apex wraps, to scale each layer's learning rate",
      loop("loss.backward()\noptimizer.step()", "from apex.parallel import LARC").replace(
        "torch.optim.Adam(model.parameters())",
        "LARC(optimizer=torch.optim.SGD(model.parameters(), lr=1))",
      ),
      ["10:missing-clipping"],
    ],
    [
      "beside a part of DeepSpeed that trains nothing",
      loop("loss.backward()\noptimizer.step()", "from deepspeed.accelerator import get_accelerator"),
      ["10:missing-clipping"],
    ],
    [
      "under accumulation",
      loop("loss.backward()\nif i % 4 == 0:\n    optimizer.step()\n    optimizer.zero_grad()"),
      ["11:missing-clipping"],
    ],
    [
      "through a scaler",
      loop("scaler.scale(loss).backward()\nscaler.step(optimizer)\nscaler.update()"),
      ["10:missing-clipping"],
    ],
    [
      "commented-out clipping",
      loop("loss.backward()\n# clip_grad_norm_(model.parameters(), 1)\noptimizer.step()"),
      ["11:missing-clipping"],
    ],
    [
      "a helper function",
      `import torch
def update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
net = torch.nn.Linear(1, 1)
update(torch.optim.SGD(net.parameters(), lr=1), net(x).sum())
`,
      ["5:missing-clipping"],
    ],
    [
      "a method, with the optimizer in self",
      `import torch
class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=1)
    def fit(self, loss):
        self.backward_pass(loss)
        self.opt.step()
    def backward_pass(self, loss):
        loss.backward()
`,
      ["8:missing-clipping"],
    ],
    [
      "both of a GAN pair",
      `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for x in data:
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
`,
      ["7:missing-clipping", "10:missing-clipping"],
    ],
    [
      "the critic alone unclipped",
      `import torch
G, D = build()
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for x in data:
    opt_g.zero_grad()
    g_loss.backward()
    torch.nn.utils.clip_grad_norm_(G.parameters(), 1.0)
    opt_g.step()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
`,
      ["12:missing-clipping"],
    ],
    [
      "a dict of optimizers",
      `import torch
opts = {"a": torch.optim.Adam(a.parameters()), "b": torch.optim.Adam(b.parameters())}
loss.backward()
opts["a"].step()
loss.backward()
for opt in opts.values():
    opt.step()
`,
      ["4:missing-clipping", "7:missing-clipping"],
    ],
    [
      "a list filled by append",
      `import torch
class M:
    def __init__(self):
        self.optimizers = []
        self.g = torch.optim.Adam(self.G.parameters())
        self.optimizers.append(self.g)
    def train(self):
        self.loss.backward()
        for o in self.optimizers:
            o.step()
`,
      ["10:missing-clipping"],
    ],
    [
      "the elements of lists that extend each other",
      `import torch
first = []
second = []
first.extend(second)
second.extend(first)
loss.backward()
for opt in first:
    opt.step()
`,
      ["8:missing-clipping"],
    ],
    [
      "a closure",
      `import torch
opt = torch.optim.LBFGS(model.parameters())
def closure():
    opt.zero_grad()
    loss = model(x).sum()
    loss.backward()
    return loss
opt.step(closure)
`,
      ["8:missing-clipping"],
    ],
    [
      "an optimizer chosen by name",
      `import torch.optim as optim
optimizer = getattr(optim, args.optim)(model.parameters(), lr=args.lr)
loss.backward()
optimizer.step()
`,
      ["4:missing-clipping"],
    ],
    [
      "a function that others call with their own optimizer",
      `import torch
def train_one_epoch(model, optimizer, loader):
    for x in loader:
        loss = model(x).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
`,
      ["7:missing-clipping"],
    ],
    [
      "clipping of weights, not gradients",
      loop("loss.backward()\noptimizer.step()\nfor p in model.parameters():\n    p.data.clamp_(-0.01, 0.01)"),
      ["10:missing-clipping"],
    ],
    [
      "clipping of data",
      loop("loss = torch.clamp(loss, max=1)\nloss.backward()\noptimizer.step()"),
      ["11:missing-clipping"],
    ],
    [
      "Accelerate",
      `import torch
from accelerate import Accelerator
accelerator = Accelerator()
optimizer = torch.optim.AdamW(model.parameters())
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x in loader:
    accelerator.backward(model(x).sum())
    optimizer.step()
`,
      ["8:missing-clipping"],
    ],
    [
      "Fabric",
      `import torch
from lightning.fabric import Fabric
fabric = Fabric()
model, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), lr=1))
for x in loader:
    fabric.backward(model(x).sum())
    optimizer.step()
`,
      ["7:missing-clipping"],
    ],
    ...["torch.optim.Optimizer", "Optional[torch.optim.Optimizer] = None", "torch.optim.SGD | torch.optim.Adam"].map(
      (declared): [string, string, string[]] => [
        `an optimizer handed to a class that declares what it is: ${declared}`,
        injected(`: ${declared}`),
        ["9:missing-clipping"],
      ],
    ),
  ];
  it.each(reported)("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

it("suppresses only the rule that a comment names", () => {
  const text = loop("loss.backward()\noptimizer.step()  # gradsight: ignore[unchecked-nonfinite]");
  expect(places(text)).toEqual(["10:missing-clipping"]);
});
