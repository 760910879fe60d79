import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const train = (params: string, used = "params") => `import itertools
import torch
params = ${params}
optimizer = torch.optim.AdamW(params)
loss.backward()
torch.nn.utils.clip_grad_norm_(${used}, 1.0)
optimizer.step()
`;

describe("reports a clip over a used-up iterator", () => {
  it.each([
    "model.parameters()",
    "filter(lambda p: p.requires_grad, model.parameters())",
    "(p for p in model.parameters() if p.requires_grad)",
    "itertools.chain(a.parameters(), b.parameters())",
  ])("%s", (params) => {
    expect(places(train(params))).toEqual(["6:exhausted-parameters"]);
    expect(fixAll(train(params))).toBe(train(`list(${params})`));
  });

  it("once in a function that is called from several places", () => {
    const text = `import torch
def train(model, rate):
    params = model.parameters()
    opt = torch.optim.AdamW(params, lr=rate)
    model().backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    opt.step()
train(small, 1e-3)
train(large, 1e-4)
`;
    expect(places(text)).toEqual(["6:exhausted-parameters"]);
  });

  it("kept in self", () => {
    const text = `import torch
class Trainer:
    def __init__(self, model):
        self.params = filter(lambda p: p.requires_grad, model.parameters())
        self.opt = torch.optim.AdamW(self.params)
    def update(self, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.params, 1.0)
        self.opt.step()
`;
    expect(places(text)).toEqual(["8:exhausted-parameters"]);
  });
});

const helper = (body: string) => `def trainable(model):\n    ${body}\n${train("trainable(model)")}`;

it("reports a clip over what a generator function made", () => {
  expect(places(helper("for p in model.parameters():\n        yield p"))).toEqual(["9:exhausted-parameters"]);
});

describe("says nothing", () => {
  it("to what a function gives back as a list", () => {
    expect(places(helper("return [p for p in model.parameters() if p.requires_grad]"))).toEqual([]);
  });
  it("to a model whose own method gives a list of its parameters", () => {
    const agent =
      "class Agent:\n    def parameters(self):\n        return [*self.actor, *self.critic]\nmodel = Agent()\n";
    expect(places(agent + train("model.parameters()"))).toEqual([]);
  });
  it.each([
    ["to a list", train("list(model.parameters())")],
    ["to a list comprehension", train("[p for p in model.parameters()]")],
    ["to a fresh iterator", train("model.parameters()", "model.parameters()")],
    ["to a variable of several meanings", `${train("model.parameters()")}params = []\n`],
    [
      "to what the optimizer did not use",
      train("model.parameters()").replace("AdamW(params)", "AdamW(model.parameters())"),
    ],
    ["to what a function gave back", train("get_params(model)")],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});
