import { expect, it } from "vitest";
import { fixAll, parses, places } from "../../../../test/analysis/analyser.ts";

const script = (body: string, after = "", before = "") => `import torch
from torch import nn
${before}
def train(model, batches, lr=0.1):
    for batch in batches:
        model.zero_grad()
        model(batch).sum().backward()
${after}        for p in model.parameters():
            ${body}
`;

it.each([
  "p.data -= lr * p.grad",
  "p.data -= p.grad.data * lr / len(batches)",
  "p.data += -lr * p.grad",
  "p.data = p.data - lr * p.grad",
  "p.data.sub_(p.grad.detach() * lr)",
  "p.data.sub_(p.grad, alpha=lr)",
  "p.data.add_(p.grad, alpha=-lr)",
  "p.data.add_(-lr, p.grad.data)",
  "p.data.add_(-0.1 * p.grad)",
  "p.data.copy_(p - lr * p.grad)",
  "if p.grad is not None:\n                p.data -= lr * p.grad\n                p.grad.zero_()",
])("a step by hand: %s", (body) => {
  const text = script(body);
  expect(places(text)).toEqual([`${9 + Number(body.startsWith("if"))}:missing-clipping`]);
  const fixed = fixAll(text);
  expect(fixed).toBe(script(body, "        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n"));
  expect(parses(fixed)).toBe(true);
  expect(places(fixed)).toEqual([]);
});

it.each([
  // By what comes from the gradients, or may.
  ["p.data -= limited(lr) * p.grad", "from mine import limited as clipped_rate\nlimited = clipped_rate"],
  ["p.data -= lr * p.grad / p.grad.norm()", ""],
  ["p.data -= lr * torch.clamp(p.grad, -1, 1)", ""],
  ["p.data -= lr * velocity[p]", ""],
  // Not down the gradient of what is gone through.
  ["p.data += lr * p.grad", ""],
  ["p.data -= lr * other.grad", ""],
  ["p.data -= lr * p.data", ""],
  ["p = p - lr * p.grad", ""],
  ["p.data.add_(p.grad, alpha=lr)", ""],
  ["copy.sub_(lr * p.grad)", ""],
])("none that is known: %s", (body, before) => expect(places(script(body, "", before))).toEqual([]));

it.each([
  "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n",
  "        tools.treat(model)\n",
  "        for q in model.parameters():\n            q.grad.clamp_(-1, 1)\n",
  "        total = sum(q.grad.norm() for q in model.parameters())\n        lr = min(0.1, 1 / total)\n",
])("silent where something before may bound it", (before) =>
  expect(places(script("p.data -= lr * p.grad", before, "import tools"))).toEqual([]),
);

it("silent over what may be no model's parameters", () => {
  expect(places(script("p.data -= lr * p.grad").replace("model.parameters()", "images"))).toEqual([]);
});

it("silent where no backward pass of the script comes before", () => {
  expect(places(script("p.data -= lr * p.grad").replace(".backward()", ".item()"))).toEqual([]);
});

const helper = (given: string) => `import torch
from torch import nn

def descend(parameters, lr, count):
    with torch.no_grad():
        for p in parameters:
            p -= lr * p.grad / count
            p.grad.zero_()

def train(model, batches):
    for batch in batches:
        model(batch).sum().backward()
        descend(${given}, 0.1, 4)
`;

it("a step in a function that is given the parameters, with no fix where a clip may use them up", () => {
  const text = helper("model.parameters()");
  expect(places(text)).toEqual(["7:missing-clipping"]);
  expect(fixAll(text)).toBe(text);
  expect(places(helper("images"))).toEqual([]);
});

it("a step by an optimizer of the script's own", () => {
  const text = `import torch

class Descent:
    def __init__(self, parameters, lr):
        self.held = list(parameters)
        self.lr = lr

    def step(self):
        for number, (p, _) in enumerate(zip(self.held, self.held)):
            p.data.add_(p.grad.data, alpha=-self.lr)

def train(model, batches):
    descent = Descent(model.parameters(), 0.1)
    for batch in batches:
        model(batch).sum().backward()
        descent.step()
`;
  expect(places(text)).toEqual(["10:missing-clipping"]);
  expect(fixAll(text)).toContain(
    "    def step(self):\n        torch.nn.utils.clip_grad_norm_(self.held, max_norm=1.0)\n",
  );
});
