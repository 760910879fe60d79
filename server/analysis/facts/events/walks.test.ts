/** What one statement says of another, through every way that leads there: taken out, put in, moved and put back. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { analyser } from "../../../../test/analysis/analyser.ts";
import { pick, seeded, upTo } from "../../../../test/analysis/random-edits.ts";
import type { Module } from "../../index.ts";
import { textOf } from "../../syntax/ast.ts";
import { Values } from "../values/values.ts";
import { Walker } from "./walk.ts";

const HEADER = "import torch\nimport torch.nn as nn\nfrom torch.optim import Adam\n";

/** Top-level statements that bear on each other. */
const STATEMENTS = [
  "import argparse\n",
  "from functools import partial\n",
  "from torch.optim import *\n",
  "from torch.nn.utils import clip_grad_norm_ as clip\n",
  "parser = argparse.ArgumentParser()\n",
  'parser.add_argument("--clip", type=float, default=0.25)\n',
  'parser.add_argument("--clip", type=float, default=5000.0)\n',
  "args = parser.parse_args()\n",
  "args.clip = 0.0\n",
  "model = nn.LSTM(8, 8)\n",
  "model = nn.Linear(8, 8)\n",
  "optimizer = Adam(model.parameters())\n",
  "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n",
  "optimizers = []\n",
  "optimizers.append(optimizer)\n",
  "scaler = torch.amp.GradScaler()\n",
  "del optimizer\n",
  "LIMIT = 1.0\n",
  "LIMIT = -1\n",
  "def limit(parameters, most=LIMIT):\n    torch.nn.utils.clip_grad_norm_(parameters, most)\n",
  "def limit(parameters, most=None):\n    return parameters\n",
  "clip = limit\n",
  "clip = partial(limit, most=2.0)\n",
  "def step(loss):\n    loss.backward()\n    clip(model.parameters())\n    optimizer.step()\n    optimizer.zero_grad()\n",
  "def train(net, opt, batches):\n    for x in batches:\n        opt.zero_grad()\n        net(x).sum().backward()\n        limit(net.parameters())\n        opt.step()\n",
  "def train(net, opt, batches):\n    for x in batches:\n        net(x).sum().backward()\n        opt.step()\n",
  "train(model, optimizer, [])\n",
  "if __name__ == '__main__':\n    train(model, optimizer, [])\n    step(model(1))\n",
  "def main():\n    net = nn.GRU(8, 8)\n    train(net, Adam(net.parameters(), lr=args.lr), [])\n",
  "def main():\n    other = Net()\n    train(other, other.make(), [])\n",
  "def generator(g, d, opt_g, opt_d, x):\n    opt_d.zero_grad()\n    d(x).backward()\n    opt_d.step()\n    opt_g.zero_grad()\n    d(g(x)).backward()\n    clip(g.parameters(), 1.0)\n    opt_g.step()\n",
  "class Net(nn.Module):\n    def make(self):\n        return Adam(self.parameters())\n",
  "class Base:\n    def __init__(self, net):\n        self.net = net\n        self.optimizer = Adam(net.parameters())\n    def update(self, loss):\n        loss.backward()\n        self.limit()\n        self.optimizer.step()\n    def limit(self):\n        pass\n",
  "class Trainer(Base):\n    def limit(self):\n        torch.nn.utils.clip_grad_norm_(self.net.parameters(), args.clip)\n",
  "class Trainer(Base):\n    pass\n",
  "trainer = Trainer(model)\n",
  "trainer.optimizer.zero_grad()\n",
  "def scaled(loss, opt):\n    scaler.scale(loss).backward()\n    clip(model.parameters(), 1.0)\n    scaler.step(opt)\n    scaler.update()\n",
  "def closure(opt):\n    def again():\n        loss = model(1)\n        loss.backward()\n        return loss\n    opt.step(again)\n",
  "def unrelated(x):\n    print(x)\n    return x.mean()\n",
  "broken = (\n",
  "# gradsight: ignore-file\n",
];

const found = (module: Module) => ({
  findings: module.lint(),
  fixes: module.fixAll("unsafe"),
  hovers: module.lint().map(({ range }) => module.hover(range.start)),
  edit: module.thresholdEdit({ threshold: 0.5, siteLine: 12, clipLine: null }),
});

function rewrite(module: Module, statements: readonly string[]): void {
  const text = HEADER + statements.join("");
  const { text: before } = module;
  let start = 0;
  while (start < Math.min(before.length, text.length) && before[start] === text[start]) start++;
  let same = 0;
  while (same < Math.min(before.length, text.length) - start && before.at(-1 - same) === text.at(-1 - same)) same++;
  module.edit([{ range: { start, end: before.length - same }, newText: text.slice(start, text.length - same) }]);
  expect(module.text).toBe(text);
}

describe("statements that bear on each other", () => {
  it.each([1, 2, 3, 4])("taken out, put in and moved, seed %i", { timeout: 120_000 }, (seed) => {
    const next = seeded(seed * 104_729);
    const module = analyser.open(HEADER);
    let statements: string[] = Array.from({ length: 14 }, () => pick(next, STATEMENTS));
    const former: string[][] = [];
    for (let round = 0; round < 60; round++) {
      const before = [...statements];
      const at = upTo(next, statements.length + 1);
      const kind = next();
      if (kind < 0.3 && former.length > 0) statements = former.splice(upTo(next, former.length), 1)[0]!;
      else if (kind < 0.5) statements.splice(at, 1);
      else if (kind < 0.65) statements.splice(at, 0, ...statements.splice(upTo(next, statements.length), 1));
      else statements.splice(at, 0, pick(next, STATEMENTS));
      former.push(before);
      rewrite(module, statements);
      const fresh = analyser.open(module.text);
      expect(found(module), `round ${round}:\n${module.text}`).toEqual(found(fresh));
      fresh.dispose();
    }
    module.dispose();
  });
});

describe("after an edit", () => {
  afterEach(() => vi.restoreAllMocks());

  const TWO = `${HEADER}
def first(net, batches):
    optimizer = Adam(net.parameters())
    for x in batches:
        optimizer.zero_grad()
        net(x).backward()
        optimizer.step()

def second(net, batches):
    optimizer = Adam(net.parameters())
    for x in batches:
        optimizer.zero_grad()
        net(x).backward()
        optimizer.step()
`;

  function walked(module: Module, edit: () => void): string[] {
    const entry = vi.spyOn(Walker.prototype, "entry");
    edit();
    module.lint();
    const names = entry.mock.calls.map(([{ name }]) => name);
    entry.mockRestore();
    return names;
  }

  const insert = (module: Module, before: string, newText: string) => {
    const at = module.text.indexOf(before);
    module.edit([{ range: { start: at, end: at }, newText }]);
  };

  it("only what it touches is walked again", () => {
    const module = analyser.open(TWO);
    expect(walked(module, () => {})).toEqual(["first", "second"]);
    expect(walked(module, () => insert(module, "def second", "import sys\n"))).toEqual([]);
    expect(walked(module, () => insert(module, "optimizer.step()\n\n", "print(x); "))).toEqual(["first"]);
    expect(walked(module, () => insert(module, "def first", "def third(x):\n    return x\n\n"))).toEqual([]);
    expect(walked(module, () => insert(module, "def first", "first(model, [])\n"))).toEqual([]);
    module.dispose();
  });

  it("what is taken back is not walked again", () => {
    const module = analyser.open(TWO);
    module.lint();
    insert(module, "def second", '"""');
    module.lint();
    const at = module.text.indexOf('"""');
    expect(walked(module, () => module.edit([{ range: { start: at, end: at + 3 }, newText: "" }]))).toEqual([]);
    module.dispose();
  });

  it.each([
    [
      "a call that hands something in",
      "class Agent:\n    def __init__(self, opt):\n        self.opt = opt\n    def update(self, loss):\n        loss.backward()\n        self.opt.step()\n",
      "agent = Agent(Adam(net.parameters()))\n",
    ],
    [
      "a method that is called elsewhere",
      "helper = build()\ndef update(loss):\n    loss.backward()\n    helper.step()\n",
      "def clear():\n    helper.zero_grad()\n",
    ],
  ])("%s is seen from where it tells something", (_, code, edit) => {
    const module = analyser.open(HEADER + code);
    expect(module.lint()).toHaveLength(0);
    insert(module, code, edit);
    expect(module.lint()).toHaveLength(1);
    module.edit([{ range: { start: HEADER.length, end: HEADER.length + edit.length }, newText: "" }]);
    expect(module.lint()).toHaveLength(0);
    module.dispose();
  });

  it("a call that comes to matter is looked into", () => {
    const agent = "class Agent:\n    def compute(self, loss):\n        loss.mean()\n\nagent = Agent()\n";
    const module = analyser.open(`${HEADER}${agent}
def train(net, batches):
    optimizer = Adam(net.parameters())
    for x in batches:
        optimizer.zero_grad()
        agent.compute(net(x))
        optimizer.step()
`);
    expect(module.lint()).toHaveLength(0);
    insert(module, "loss.mean()", "loss.backward(); ");
    expect(module.lint()).toHaveLength(1);
    module.dispose();
  });

  it("what rules ask of a statement that stays is not asked again, unless what answers it is another", () => {
    const clipped = (name: string) =>
      `def ${name}(net, batches):\n    optimizer = Adam(net.parameters())\n    for x in batches:\n        optimizer.zero_grad()\n` +
      "        net(x).backward()\n        nn.utils.clip_grad_norm_(net.parameters(), LIMIT)\n        optimizer.step()\n\n";
    const module = analyser.open(`${HEADER}LIMIT = 1.0\n\n${clipped("first")}${clipped("second")}`);
    const asked = (before: string, newText: string) => {
      const evaluate = vi.spyOn(Values.prototype, "evaluate");
      insert(module, before, newText);
      const found = module.lint().map(({ rule }) => rule);
      const times = evaluate.mock.calls.filter(([node]) => textOf(node) === "LIMIT").length;
      evaluate.mockRestore();
      return { found, times };
    };
    expect(module.lint()).toHaveLength(0);
    expect(asked("def first", "def unrelated(x):\n    return x\n\n")).toEqual({ found: [], times: 0 });
    const { found, times } = asked("1.0", "-");
    expect(found).toEqual(["invalid-threshold", "invalid-threshold"]);
    expect(times).toBeGreaterThan(0);
    module.dispose();
  });

  it("a name that comes to stand for something else is read anew", () => {
    const module = analyser.open(TWO);
    expect(module.lint()).toHaveLength(2);
    insert(module, "\ndef first", "class Adam:\n    def __init__(self, parameters):\n        pass\n");
    const fresh = analyser.open(module.text);
    expect(module.lint()).toEqual(fresh.lint());
    fresh.dispose();
    module.dispose();
  });
});
