import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const loop = (body: string, before = "") => `import torch
from torch import nn
${before}
model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    optimizer.zero_grad()
    loss = model(x)[0].sum()
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;

/** Each gradient, changed by one statement. */
const each = (change: string) => `for p in model.parameters():\n    ${change}`;

/** An optimizer that a class is handed. */
const injected = (declared: string) => `import torch
from typing import Any, Optional
class Engine:
    def __init__(self, net, stepper${declared}):
        self.net, self.stepper = net, stepper
    def learn(self, batch):
        self.stepper.zero_grad()
        self.net(batch).sum().backward()
        self.stepper.step()
`;

describe("reports an update that no clip reaches", () => {
  const reported: [string, string, string[]][] = [
    ["a plain loop", loop("loss.backward()\noptimizer.step()"), ["10:missing-clipping"]],
    ...[
      ["p.grad /= 4", ""],
      ["p.grad.data.mul_(1.0 / tasks)", "tasks = 16"],
      ["p.grad = p.grad / len(batches)", ""],
      ["p.grad.mul_(1 / float(torch.distributed.get_world_size()))", ""],
      ["p.grad.data.div_(config.solver.accumulate)", "import config"],
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

describe("says nothing", () => {
  const silent: [string, string][] = [
    ...["", ": Any", ": Stepper", ": Callable[[Any], None]"].map((declared): [string, string] => [
      `of an optimizer that a class is handed, which may be any${declared}`,
      injected(declared),
    ]),
    [
      "to a clip of what a base that can't be seen has set",
      `import torch
from elsewhere import Base
class Gan(Base):
    def build(self):
        self.opt = torch.optim.Adam(self.net.parameters())
    def train(self, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.opt.step()
`,
    ],
    ["to a clip", loop("loss.backward()\nnn.utils.clip_grad_norm_(model.parameters(), 1)\noptimizer.step()")],
    [
      "to a clip under a condition",
      loop(
        "loss.backward()\nif args.clip:\n    nn.utils.clip_grad_norm_(model.parameters(), args.clip)\noptimizer.step()",
      ),
    ],
    [
      "to clipping by value",
      loop("loss.backward()\nnn.utils.clip_grad_value_(model.parameters(), 1)\noptimizer.step()"),
    ],
    [
      "to clipping by hand",
      loop("loss.backward()\nfor p in model.parameters():\n    p.grad.data.clamp_(-1, 1)\noptimizer.step()"),
    ],
    [
      "to scaling by hand",
      loop("loss.backward()\nfor p in model.parameters():\n    p.grad.mul_(scale)\noptimizer.step()"),
    ],
    [
      "to scaling by an operator",
      loop("loss.backward()\nfor p in model.parameters():\n    p.grad *= scale\noptimizer.step()"),
    ],
    [
      "to a helper that assigns to the gradients",
      loop(
        "loss.backward()\nshrink(limit / total)\noptimizer.step()",
        "def shrink(scale):\n    for p in model.parameters():\n        p.grad *= scale",
      ),
    ],
    ...[
      "p.grad.mul_(args.clip_coef)",
      "p.grad.div_(norm)",
      "p.grad *= largest / p.grad.norm()",
      "p.grad.mul_(min(1.0, 1 / float(total)))",
      "p.grad = p.grad * mask",
      "p.grad[:] = tamed(p.grad)",
    ].map((change): [string, string] => [
      `to gradients that may be measured first: ${change}`,
      loop(`loss.backward()\n${each(change)}\noptimizer.step()`),
    ]),
    [
      "to a clip that something else is given to run",
      loop(
        "loss.backward()\nrun(tame, 1.0)\noptimizer.step()",
        "from tools import run\ndef tame(limit):\n    nn.utils.clip_grad_norm_(model.parameters(), limit)",
      ),
    ],
    [
      "to clipped gradients that are handed to another model",
      `import torch
from tools import share_gradients
def train(model, shared):
    optimizer = torch.optim.Adam(shared.parameters())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    share_gradients(model, shared)
    optimizer.step()
`,
    ],
    [
      "to gradients that were clipped in another model, and are handed on here",
      `import torch
def hand_on(model, shared):
    for p, q in zip(model.parameters(), shared.parameters()):
        q._grad = p.grad
def train(model, shared):
    optimizer = torch.optim.Adam(shared.parameters())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    hand_on(model, shared)
    optimizer.step()
`,
    ],
    ...["lambda g: g.clamp(-1, 1)", "lambda g: torch.clamp(g, -limit, limit)", "tame"].map((hook): [string, string] => [
      `to clipping as the gradients are made: ${hook}`,
      loop(
        "loss.backward()\noptimizer.step()",
        `def tame(g):\n    return torch.clip(g, -1, 1)\ndef prepare():\n    for p in model.parameters():\n        p.register_hook(${hook})`,
      ),
    ]),
    ...[
      "for p in model.parameters():\n    p.register_post_accumulate_grad_hook(lambda p: torch.nn.utils.clip_grad_norm_(p, 1.0))",
      "def tame(optimizer, args, kwargs):\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\noptimizer.register_step_pre_hook(tame)",
    ].map((registered): [string, string] => [
      `to a clip that was registered: ${registered.split("\n").at(-1)}`,
      loop(`loss.backward()\noptimizer.step()`, registered),
    ]),
    ["to a helper that is given a threshold", loop("loss.backward()\ncheck(net, config.grad_clip)\noptimizer.step()")],
    [
      "beside an optimizer factory that clips as it is configured",
      loop("loss.backward()\noptimizer.step()", "from detectron2.solver import build_optimizer"),
    ],
    [
      "to a clip of a model that was built together with its optimizer",
      `import torch
def build():
    net = torch.nn.LSTM(8, 8)
    return net, torch.optim.Adam(net.parameters())
model, optimizer = build()
for x in data:
    model(x)[0].sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
`,
    ],
    [
      "to a clip of a model out of a dictionary that a function returns",
      `import torch
def build():
    net = torch.nn.LSTM(8, 8)
    optimizer = torch.optim.Adam(net.parameters())
    return {"net": net}, optimizer
nets, optimizer = build()
for x in data:
    nets["net"](x)[0].sum().backward()
    torch.nn.utils.clip_grad_norm_(nets["net"].parameters(), 1.0)
    optimizer.step()
`,
    ],
    ...["self.parameters()", "self.head.parameters()"].map((owned): [string, string] => [
      `to a clip of a model that has its own optimizer: ${owned}`,
      `import torch
class Base(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(8, 8)
        self.optimizer = torch.optim.Adam(${owned})
class Net(Base):
    pass
model = Net()
for x in data:
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    model.optimizer.step()
`,
    ]),
    [
      "to a clip by a module that a wildcard import gave",
      `import argparse
import torch.optim as optim
from tools import *
model = build()
optimizer = optim.SGD(model.parameters(), lr=1)
for x in data:
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
`,
    ],
    [
      "to a factor that a helper is given from elsewhere",
      `import torch
def step(model, optimizer, loss, factor=1.0):
    loss.backward()
    for p in model.parameters():
        p.grad.mul_(factor)
    optimizer.step()
`,
    ],
    ...["tame(model.parameters())", "tame(model.parameters(), args.limit)"].map((call): [string, string] => [
      `to a clip that may be given something: ${call}`,
      loop(
        `loss.backward()\n${call}\noptimizer.step()`,
        "def tame(parameters, limit=None):\n    if limit is not None:\n        nn.utils.clip_grad_norm_(parameters, limit)",
      ),
    ]),
    [
      "to a clip spelled by getattr",
      loop("loss.backward()\ngetattr(nn.utils, 'clip_grad_%s_' % mode)(model.parameters(), 1)\noptimizer.step()"),
    ],
    [
      "to a clip in a module that can't be seen",
      loop("loss.backward()\nclip_gradients(model, 1)\noptimizer.step()", "from tools import clip_gradients"),
    ],
    [
      "to unseen code that holds the model",
      loop("loss.backward()\nmassage(model)\noptimizer.step()", "from tools import massage"),
    ],
    [
      "to a local helper that clips",
      loop(
        "loss.backward()\ntame()\noptimizer.step()",
        "def tame():\n    nn.utils.clip_grad_norm_(model.parameters(), 1)",
      ),
    ],
    ["to a step without a backward pass", "import torch\ndef update(optimizer):\n    optimizer.step()\n"],
    [
      "to schedulers, environments and profilers",
      loop("loss.backward()\nscheduler.step()\nenv.step(action)\nprof.step()"),
    ],
    [
      "to a scheduler of torch.optim",
      `import torch
opt = torch.optim.lr_scheduler.StepLR(o, 1)
loss.backward()
opt.step()
`,
    ],
    [
      "to an optimizer that clips inside",
      `from apex.optimizers import FusedLAMB
import torch
optimizer = FusedLAMB(model.parameters(), max_grad_norm=1.0)
loss.backward()
optimizer.step()
`,
    ],
    [
      "to a wrapper of this file that clips",
      `import torch
class Wrapped:
    def __init__(self, inner):
        self.inner = inner
    def step(self):
        torch.nn.utils.clip_grad_norm_(self.parameters(), 1.0)
        self.inner.step()
optimizer = Wrapped(torch.optim.SGD(model.parameters(), lr=1))
loss.backward()
optimizer.step()
`,
    ],
    [
      "to an optimizer of a class that can't be seen",
      `import torch
from tools import Optimizer
optimizer = Optimizer(model.parameters())
loss.backward()
optimizer.step()
`,
    ],
    [
      "to an optimizer injected into a class",
      `import torch
class Trainer:
    def __init__(self, optim):
        self.optim = optim
    def train(self, loss):
        loss.backward()
        self.optim.step()
`,
    ],
    [
      "to an optimizer handed on to a class",
      `import torch
def build(optim):
    return Trainer(optim)
class Trainer:
    def __init__(self, optim):
        self.optim = optim
    def train(self, loss):
        loss.backward()
        self.optim.step()
`,
    ],
    [
      "where a DeepSpeed plugin may clip",
      `import torch
from accelerate import Accelerator, DeepSpeedPlugin
accelerator = Accelerator(deepspeed_plugin=DeepSpeedPlugin(config))
optimizer = accelerator.prepare(torch.optim.AdamW(model.parameters()))
accelerator.backward(loss)
optimizer.step()
`,
    ],
    [
      "where a launcher may have Megatron-LM clip",
      `import torch
from accelerate import Accelerator
from accelerate.utils import MegatronLMDummyScheduler
accelerator = Accelerator()
optimizer = torch.optim.AdamW(model.parameters())
model, optimizer, schedule = accelerator.prepare(model, optimizer, MegatronLMDummyScheduler(optimizer, 100, 10))
accelerator.backward(loss)
optimizer.step()
`,
    ],
    [
      "in a LightningLite, whose strategy is told to whoever makes one",
      `import torch
from pytorch_lightning.lite import LightningLite
class Run(LightningLite):
    def run(self, model, data):
        optimizer = torch.optim.AdamW(model.parameters())
        model, optimizer = self.setup(model, optimizer)
        def epoch():
            for batch in data:
                model.zero_grad()
                self.backward(model(batch))
                optimizer.step()
        epoch()
`,
    ],
    [
      "to an optimizer that a DeepSpeed configuration replaces",
      `import torch
from accelerate import Accelerator
from accelerate.utils import DummyOptim
accelerator = Accelerator()
kind = torch.optim.AdamW if plain else DummyOptim
optimizer = accelerator.prepare(kind(model.parameters()))
accelerator.backward(loss)
optimizer.step()
`,
    ],
    [
      "to a clip inside the closure",
      `import torch
opt = torch.optim.LBFGS(model.parameters())
def closure():
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    return loss
opt.step(closure)
`,
    ],
    [
      "to a clip of the wrapped model",
      `import torch
optimizer = torch.optim.SGD(model.parameters(), lr=1)
net = torch.nn.parallel.DistributedDataParallel(model)
loss.backward()
torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
optimizer.step()
`,
    ],
    [
      "to a loop over models that came from elsewhere",
      `import torch
def train(nets):
    opt = torch.optim.Adam(a.parameters())
    loss.backward()
    for net in nets:
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
    opt.step()
`,
    ],
    ["to FSDP's method", loop("loss.backward()\nmodel.clip_grad_norm_(1.0)\noptimizer.step()")],
    [
      "to one callable that does all of it",
      `import torch
from timm.utils import NativeScaler
loss_scaler = NativeScaler()
optimizer = torch.optim.SGD(model.parameters(), lr=1)
loss_scaler(loss, optimizer, clip_grad=1.0, parameters=model.parameters())
`,
    ],
    [
      "where half of the loop doesn't parse",
      loop("loss.backward()\nnn.utils.clip_grad_norm_(model.\noptimizer.step()"),
    ],
    [
      "to a wrapper that is given the loss",
      `import torch
class Algorithm(Base):
    def __init__(self, critic, make):
        self.alpha = torch.zeros(1, requires_grad=True)
        self.alpha_optim = torch.optim.Adam([self.alpha])
        self.critic_optim = self.create_optimizer(critic, make, max_grad_norm=1.0)
    def update(self, alpha_loss, critic_loss):
        alpha_loss.backward()
        torch.nn.utils.clip_grad_norm_([self.alpha], 1.0)
        self.alpha_optim.step()
        self.other_loss.backward()
        self.critic_optim.step(critic_loss)
`,
    ],
    ["to networks of numpy", "class Net:\n    pass\nloss.backward()\noptimizer.step()\n"],
    ["where a comment says so", loop("loss.backward()\noptimizer.step()  # gradsight: ignore[missing-clipping]")],
    ["in a file that says so", loop("loss.backward()\noptimizer.step()\n# gradsight: ignore-file")],
  ];
  it.each(silent)("%s", (_, text) => expect(places(text)).toEqual([]));
});

it("suppresses only the rule that a comment names", () => {
  const text = loop("loss.backward()\noptimizer.step()  # gradsight: ignore[unchecked-nonfinite]");
  expect(places(text)).toEqual(["10:missing-clipping"]);
});

describe("severity and threshold come from the network", () => {
  const train = (build: string) => `import torch\nfrom torch import nn\n${build}
opt = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
opt.step()
`;
  it.each([
    ["model = nn.LSTM(8, 8)", "warning", "max_norm=1.0"],
    ["vocab_size = 9\nmodel = nn.Sequential(nn.Embedding(9, 8), nn.LSTM(8, 8))", "warning", "max_norm=0.25"],
    ["model = nn.TransformerEncoderLayer(8, 1)", "warning", "max_norm=1.0"],
    ["import gymnasium\nmodel = nn.Linear(8, 8)", "warning", "max_norm=0.5"],
    ["import gymnasium\nclass DQN: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["class GaussianDiffusion: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=1.0"],
    ["def diffusion(t, y): return y\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["from network import EncoderRNN\nmodel = EncoderRNN(8)", "warning", "max_norm=1.0"],
    ["from network import GPT\nmodel = GPT(config)", "warning", "max_norm=1.0"],
    ["from network import *\nmodel = SentenceGRU(8)", "warning", "max_norm=1.0"],
    ["from words import BertTokenizer\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["class Actor(nn.Module): pass\nmodel = Actor()", "warning", "max_norm=0.5"],
    ["import gym\nfrom algorithms import TD3\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["import parl\nmodel = nn.Linear(8, 8)", "warning", "max_norm=0.5"],
    ["class PolicyGradient: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=0.5"],
    ["class TwoHeadedDDPG: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["class IQLLearner: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["from styles import TransformerNet\nmodel = TransformerNet()", "information", "max_norm=1.0"],
    ["from sklearn.compose import ColumnTransformer\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["model = nn.Conv2d(3, 8, 3)", "information", "max_norm=1.0"],
    ["model = nn.Linear(8, 8)", "information", "max_norm=1.0"],
  ])("%s", (build, severity, threshold) => {
    const [finding] = lint(train(build));
    expect(finding?.severity).toBe(severity);
    expect(fixAll(train(build))).toContain(threshold);
  });

  const agent = (held: string) => `import gymnasium, torch
class Agent:
    def __init__(self, net, tune=True):
        if tune:
            ${held}
            self.opt = torch.optim.Adam(self.held, lr=1e-3)
        else:
            self.log_alpha = None
    def learn(self, loss):
        loss.backward()
        self.opt.step()
`;
  it.each([
    [
      "a temperature",
      "self.log_alpha = torch.zeros(1, requires_grad=True).to('cuda'); self.held = [self.log_alpha]",
      "information",
    ],
    ["layers by hand", "a = torch.randn(8, 8); b = torch.zeros(8); self.held = [a, b]", "warning"],
    ["a network", "self.held = net.parameters()", "warning"],
    ["who knows what", "self.log_alpha = net; self.held = [self.log_alpha]", "warning"],
  ])("of what is updated: %s", (_, held, severity) => {
    const [finding, another] = lint(agent(held));
    expect(finding?.severity).toBe(severity);
    expect(finding?.related.some(({ message }) => message.includes("usual here"))).toBe(severity === "warning");
    expect(finding?.fix?.title).toContain(severity === "warning" ? "policy-gradient methods do" : "most recipes do");
    expect(another).toBeUndefined();
  });

  it("shows the network, not the configuration beside it", () => {
    const [finding] = lint(train("from network import GPTConfig, GPT\nmodel = GPT(GPTConfig())"));
    expect(finding?.related.map(({ message }) => message)).toContain("`GPT`: clipping is usual here");
  });
});

describe("in tests", () => {
  const network = `import torch

model = torch.nn.LSTM(4, 4)
optimizer = torch.optim.Adam(model.parameters())
`;
  const step = `    model(batch)[0].sum().backward()
    optimizer.step()
`;
  it.each([
    ["pytest's", `${network}\ndef test_learns(batch):\n${step}`],
    ["unittest's", `import unittest\n${network}\ndef run(batch):\n${step}`],
  ])("it is information, whatever the network: %s", (_, text) =>
    expect(lint(text).map(({ rule, severity }) => [rule, severity])).toEqual([["missing-clipping", "information"]]),
  );
  it.each([
    ["", `${network}\ndef run(batch):\n${step}`],
    ["what evaluates is called", `${network}\ndef test_agent(): pass\ndef run(batch):\n    test_agent()\n${step}`],
    [
      "what prepares is passed on",
      `${network}\ndef test_rows(row): pass\ntable.map(test_rows)\ndef run(batch):\n${step}`,
    ],
    ["what evaluates is another's", `${network}\nclass Agent:\n    def test_one(self): pass\ndef run(batch):\n${step}`],
  ])("elsewhere a warning: %s", (_, text) => {
    expect(lint(text).map(({ severity }) => severity)).toEqual(["warning"]);
  });
});
