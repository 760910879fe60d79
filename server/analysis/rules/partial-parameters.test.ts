import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const train = (owned: string, clip: string, before = "") => `import itertools
import torch
from torch import nn
a = nn.LSTM(8, 8)
b = nn.Linear(8, 8)
${before}
optimizer = torch.optim.Adam(${owned})
for x in data:
    loss.backward()
    ${clip}
    optimizer.step()
`;
const norm = (parameters: string) => `nn.utils.clip_grad_norm_(${parameters}, 1.0)`;
const both = "list(a.parameters()) + list(b.parameters())";
const found = (text: string) =>
  lint(text).flatMap(({ rule, severity, message }) =>
    rule === "partial-parameters" ? [`${severity} ${message}`] : [],
  );

describe("reports", () => {
  const missed = "warning `optimizer` also updates `b`, which this does not clip.";
  it.each([
    ["one of two models", train(both, norm("a.parameters()")), missed],
    ["one of two in a chain", train("itertools.chain(a.parameters(), b.parameters())", norm("a.parameters()")), missed],
    [
      "one of two groups",
      train('[{"params": a.parameters()}, {"params": b.parameters(), "lr": 1e-4}]', norm("a.parameters()")),
      missed,
    ],
    ["one of two in a variable", train("params", norm("a.parameters()"), `params = ${both}`), missed],
    ["unpacked", train("[*a.parameters(), *b.parameters()]", norm("[p for p in a.parameters()]")), missed],
    [
      "for either of two optimizers",
      train(both, norm("a.parameters()")).replace(
        "torch.optim.Adam(",
        "(torch.optim.Adam if args.adam else torch.optim.SGD)(",
      ),
      missed,
    ],
    ["in a list of modules", train("nn.ModuleList([a, b]).parameters()", norm("a.parameters()")), missed],
    ["by value", train(both, "nn.utils.clip_grad_value_(a.parameters(), 1.0)"), missed],
    ["under a condition", train(both, `if args.clip: ${norm("a.parameters()")}`), missed],
    [
      "a wrapped model",
      train("list(net.parameters()) + list(b.parameters())", norm("net.parameters()"), "net = nn.DataParallel(a)"),
      missed,
    ],
    [
      "a model owned under an option only",
      train("params", norm("a.parameters()"), `params = ${both} if args.both else a.parameters()`),
      missed,
    ],
    [
      "one that was added",
      train("params", norm("a.parameters()"), "params = list(a.parameters())\nparams += b.parameters()"),
      missed,
    ],
    [
      "one that was added under a condition",
      train(
        "params",
        norm("a.parameters()"),
        "params = list(a.parameters())\nif both:\n    params.extend(b.parameters())",
      ),
      missed,
    ],
    [
      "a group that was added",
      train(
        "groups",
        norm("a.parameters()"),
        'groups = [{"params": a.parameters()}]\ngroups.append({"params": b.parameters()})',
      ),
      missed,
    ],
    [
      "beside a third model that is frozen",
      train(both, norm("a.parameters()"), "c = nn.Linear(8, 8)\nc.requires_grad_(False)\nb.requires_grad_(True)"),
      missed,
    ],
    [
      "two of three",
      train(
        "list(a.parameters()) + list(b.parameters()) + list(c.parameters())",
        norm("a.parameters()"),
        "from models import Net\nc = Net()",
      ),
      "warning `optimizer` also updates `b`, `c`, which this does not clip.",
    ],
    [
      "a single tensor",
      train("list(a.parameters()) + [scale]", norm("a.parameters()"), "scale = torch.zeros(1, requires_grad=True)"),
      "information `optimizer` also updates `scale`, which this does not clip.",
    ],
  ])("%s", (_, text, message) => expect(found(text)).toEqual([message]));

  it("in a class, across its methods", () => {
    const text = `import torch
class Agent:
    def __init__(self):
        self.actor = torch.nn.Linear(8, 8)
        self.critic = torch.nn.Linear(8, 1)
        self.optimizer = torch.optim.Adam(list(self.actor.parameters()) + list(self.critic.parameters()))
    def update(self, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.actor.parameters(), 1.0)
        self.optimizer.step()
`;
    expect(found(text)).toEqual(["warning `self.optimizer` also updates `self.critic`, which this does not clip."]);
    const fixed = fixAll(text);
    expect(fixed).toContain("clip_grad_norm_(list(self.actor.parameters()) + list(self.critic.parameters()), 1.0)");
    expect(places(fixed)).toEqual([]);
  });
});

describe("clips all that the optimizer updates", () => {
  it.each([
    [both, norm(both)],
    ["itertools.chain(a.parameters(), b.parameters())", norm("itertools.chain(a.parameters(), b.parameters())")],
    [
      '[{"params": a.parameters()}, {"params": b.parameters()}]',
      norm('[p for group in optimizer.param_groups for p in group["params"]]'),
    ],
  ])("%s", (owned, clip) => {
    const fixed = fixAll(train(owned, norm("a.parameters()")));
    expect(fixed).toBe(train(owned, clip));
    expect(places(fixed)).toEqual([]);
  });

  it("unless other clips are there", () => {
    const text = train(
      "list(a.parameters()) + list(b.parameters()) + list(c.parameters())",
      `${norm("a.parameters()")}; ${norm("b.parameters()")}`,
      "c = nn.Linear(8, 8)",
    );
    expect(lint(text)).toMatchObject([{ rule: "partial-parameters", fix: null }]);
  });
});

describe("says nothing", () => {
  it.each([
    ["to a clip of all", train(both, norm(both))],
    ["to a clip each", train(both, `${norm("a.parameters()")}; ${norm("b.parameters()")}`)],
    [
      "to a clip of the optimizer's groups",
      train(both, norm('optimizer.param_groups[0]["params"]')).replace(both, "a.parameters()"),
    ],
    ["to the variable that the optimizer got", train("params", norm("params"), `params = ${both}`)],
    [
      "to a choice made alike",
      train(
        "params",
        `if args.both: ${norm(both)}\n    else: ${norm("a.parameters()")}`,
        `params = ${both} if args.both else a.parameters()`,
      ),
    ],
    ["to a part of a model", train("a.parameters()", norm("a.rnn.parameters()"))],
    ["to a model that holds the other", train(both, norm("whole.parameters()"), "whole = nn.Sequential(a, b)")],
    [
      "to a model that is built from the other",
      train(both, norm("whole.parameters()"), "from nets import Net\nwhole = Net(parts=[a, b])"),
    ],
    [
      "to a model from somewhere",
      train("list(a.parameters()) + list(other.parameters())", norm("a.parameters()"), "from nets import other"),
    ],
    [
      "to parameters from somewhere",
      train("list(a.parameters()) + extra", norm("a.parameters()"), "from nets import extra"),
    ],
    [
      "to a list that grows",
      train("params", norm("a.parameters()"), "params = list(a.parameters())\nparams += more(b)"),
    ],
    [
      "to parameters that a function freezes",
      train(both, norm("a.parameters()"), "def still(m):\n    m.requires_grad_(False)\nstill(b)"),
    ],
    ["to frozen parameters", train(both, norm("a.parameters()"), "b.requires_grad_(False)")],
    [
      "to parameters frozen one by one",
      train(both, norm("a.parameters()"), "for p in b.parameters():\n    p.requires_grad = False"),
    ],
    [
      "to unseen code that may clip",
      train(both, `tame(b.parameters())\n    ${norm("a.parameters()")}`, "from tools import tame"),
    ],
    [
      "to optimizers of their own",
      train("a.parameters()", norm("a.parameters()"), "other = torch.optim.Adam(b.parameters())"),
    ],
  ])("%s", (_, text) => expect(found(text)).toEqual([]));

  it("to models that come in under other names", () => {
    const text = `import torch
def train(net, top, optimizer):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(net.parameters()) + list(top.parameters()), 1.0)
    optimizer.step()
a = torch.nn.Linear(8, 8)
b = torch.nn.Linear(8, 8)
train(a, b, torch.optim.Adam(list(a.parameters()) + list(b.parameters())))
`;
    expect(found(text)).toEqual([]);
  });
});

describe("with Apex's copies", () => {
  const apex = (level: string, parameters: string) => `import torch
from apex import amp
model = torch.nn.Linear(8, 8)
optimizer = torch.optim.Adam(model.parameters())
model, optimizer = amp.initialize(model, optimizer, opt_level=${level})
for x in data:
    with amp.scale_loss(model(x).sum(), optimizer) as scaled:
        scaled.backward()
    torch.nn.utils.clip_grad_norm_(${parameters}, 1.0)
    optimizer.step()
`;
  it("reports a clip of the originals", () => {
    expect(found(apex('"O2"', "model.parameters()"))).toEqual([
      "warning Under `O2` the optimizer updates float32 copies, and this clips the gradients of the half-precision ones.",
    ]);
    expect(fixAll(apex('"O2"', "model.parameters()"))).toBe(apex('"O2"', "amp.master_params(optimizer)"));
  });

  it.each([
    ["the copies", apex('"O2"', "amp.master_params(optimizer)")],
    ["either, as it goes", apex('"O2"', "amp.master_params(optimizer) if args.half else model.parameters()")],
    [
      "the originals, where there may be no copies",
      apex('"O2"', "model.parameters()").replace("model, optimizer = amp", "if args.half: model, optimizer = amp"),
    ],
    ["another level", apex('"O1"', "model.parameters()")],
    ["a level of the command line", apex("args.level", "model.parameters()")],
    ["Apex switched off", apex('"O2", enabled=not args.off', "model.parameters()")],
  ])("says nothing to %s", (_, text) => expect(found(text)).toEqual([]));
});
