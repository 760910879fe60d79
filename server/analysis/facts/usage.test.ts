import { describe, expect, it } from "vitest";
import { places } from "../../../test/analysis/analyser.ts";

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
