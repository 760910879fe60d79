import { describe, expect, it } from "vitest";
import { places } from "../../../../test/analysis/analyser.ts";

const step = (body: string, parameters = "net, batch, loss, tuner") => `import torch

def train_batch(${parameters}):
${body.replace(/^/gm, "    ")}
`;

describe("an object whose class can't be seen", () => {
  it("is an optimizer if it clears gradients and steps, whatever it is called", () => {
    const text = step("tuner.zero_grad()\nloss(net(batch)).backward()\ntuner.step()");
    expect(places(text)).toEqual(["6:missing-clipping"]);
  });

  it.each([
    ["it only steps", "loss(net(batch)).backward()\ntuner.step()"],
    ["it does the backward pass as well", "tuner.zero_grad()\ntuner.backward(loss(net(batch)))\ntuner.step()"],
    ["it trains itself", "tuner.train()\ntuner.zero_grad()\nloss(net(batch)).backward()\ntuner.step()"],
  ])("is none where %s", (_, body) => expect(places(step(body))).toEqual([]));
});

it("takes what an unseen module clips for clipped, whatever the module is called", () => {
  const text = step(
    "tuner.zero_grad()\nloss(net(batch)).backward()\nbook.gradient_clipping(net, 1)\ntuner.step()",
    "net, batch, loss, tuner, book",
  );
  expect(places(text)).toEqual([]);
});

it("takes a helper that is reached through the module itself for one that may clip", () => {
  const text = `import sys
import torch

here = sys.modules[__name__]

def shrink_clip(net, limit):
    ...

def train(net, batches):
    optimizer = torch.optim.Adam(net.parameters())
    for batch in batches:
        optimizer.zero_grad()
        net(batch).sum().backward()
        here.shrink_clip(net, 1)
        optimizer.step()
`;
  expect(places(text)).toEqual([]);
});

it("takes gradients that are handed on for what they were", () => {
  const text = `import torch

def share(local, shared):
    for own, other in zip(local.parameters(), shared.parameters()):
        other._grad = own.grad.detach().cpu()

def work(local, shared, batches):
    optimizer = torch.optim.RMSprop(shared.parameters())
    for batch in batches:
        local.zero_grad()
        local(batch).sum().backward()
        share(local, shared)
        optimizer.step()
`;
  expect(places(text)).toEqual(["13:missing-clipping"]);
  expect(places(text.replace(".cpu()", ".clamp(-1, 1)"))).toEqual([]);
});
