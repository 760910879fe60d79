/** Where an update goes unclipped, or may, and nothing is to be said of it. */
import { describe, expect, it } from "vitest";
import { places } from "../../../test/analysis/analyser.ts";
import { each, injected, loop } from "./testing/loop.ts";

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
      "from torch.nn.utils import clip_grad_norm_ as tame\nfor p in model.parameters():\n    p.register_post_accumulate_grad_hook(lambda p: tame(p, 1.0))",
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
    ...["nn.LSTM(8, 8)", "Net()", "nn.Sequential(nn.Linear(8, 8))"].map((built): [string, string] => [
      `to unseen code that holds a network, which nothing but its class shows to be one: ${built}`,
      `import torch
from torch import nn
from tools import tame
class Net(nn.Module):
    def forward(self, x):
        return x
class Engine:
    def __init__(self, net, stepper):
        self.net, self.stepper = net, stepper
    def learn(self, batch):
        self.net(batch).sum().backward()
        tame(self.net)
        self.stepper.step()
net = ${built}
Engine(net, torch.optim.Adam(net.parameters())).learn(data)
`,
    ]),
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
    ...[
      ["from pytorch_lightning.lite import LightningLite", "LightningLite"],
      ["import pytorch_lightning.lite as light", "light.LightningLite"],
    ].map(([imports, base]): [string, string] => [
      `in a LightningLite, whose strategy is told to whoever makes one: ${base}`,
      `import torch
${imports}
class Run(${base}):
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
    ]),
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
