import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const train = (body: string) => `import torch
import torch.distributed as dist
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
${body
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)";
const each = (change: string) => `for p in model.parameters():\n    ${change}`;

describe("reports gradients that change on their way to the update", () => {
  it.each<[string, string, string[]]>([
    [
      "zeroed after the clip",
      train(`loss.backward()\n${clip}\noptimizer.zero_grad()\noptimizer.step()`),
      ["8:changed-after-clip"],
    ],
    [
      "zeroed before the clip",
      train(`loss.backward()\noptimizer.zero_grad()\n${clip}\noptimizer.step()`),
      ["7:changed-after-clip"],
    ],
    [
      "zeroed, without a clip",
      train("loss.backward()\noptimizer.zero_grad()\noptimizer.step()"),
      ["7:changed-after-clip"],
    ],
    [
      "zeroed, though an optimizer was passed in",
      `import torch
def update(optimizer, loss):
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
`,
      ["4:changed-after-clip"],
    ],
    [
      "summed over the processes",
      train(`loss.backward()\n${clip}\n${each("dist.all_reduce(p.grad.data)")}\noptimizer.step()`),
      ["9:changed-after-clip"],
    ],
    [
      "summed where there are any",
      train(
        `loss.backward()\n${clip}\n${each("if p.grad is not None:\n        dist.all_reduce(p.grad, op=dist.ReduceOp.SUM)\n        p.grad /= size")}\noptimizer.step()`,
      ),
      ["10:changed-after-clip"],
    ],
    [
      "in a helper",
      train(`loss.backward()\n${clip}\naverage()\noptimizer.step()`).replace(
        "model =",
        `def average():\n    ${each("dist.all_reduce(p.grad)").replaceAll("\n", "\n    ")}\nmodel =`,
      ),
      ["5:changed-after-clip"],
    ],
    ["divided", train(`loss.backward()\n${clip}\n${each("p.grad /= 4")}\noptimizer.step()`), ["9:changed-after-clip"]],
    [
      "divided by a method",
      train(`loss.backward()\n${clip}\n${each("p.grad.data.div_(n)")}\noptimizer.step()`),
      ["9:changed-after-clip"],
    ],
    [
      "taken by an optimizer in the backward pass",
      `import torch
model = torch.nn.Linear(1, 1)
optimizers = {p: torch.optim.SGD([p], lr=1) for p in model.parameters()}
def hook(p):
    optimizers[p].step()
    optimizers[p].zero_grad()
for p in model.parameters():
    p.register_post_accumulate_grad_hook(hook)
for x in data:
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
`,
      ["11:changed-after-clip"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));

  it("as information where they are only divided", () => {
    const [finding] = lint(train(`loss.backward()\n${clip}\n${each("p.grad /= 4")}\noptimizer.step()`));
    expect(finding?.severity).toBe("information");
  });
});

describe("says nothing", () => {
  it.each<[string, string]>([
    ["where zeroing follows the update", train(`loss.backward()\n${clip}\noptimizer.step()\noptimizer.zero_grad()`)],
    [
      "where gradients are made anew after it",
      train(`first.backward()\noptimizer.zero_grad()\nsecond.backward()\n${clip}\noptimizer.step()`),
    ],
    [
      "where only some paths zero them",
      train(`loss.backward()\n${clip}\nif skip:\n    optimizer.zero_grad()\noptimizer.step()`),
    ],
    [
      "where the other optimizer's are zeroed",
      train(`loss.backward()\n${clip}\nother.zero_grad()\noptimizer.step()`).replace(
        "for x",
        "other = torch.optim.SGD(net.parameters())\nfor x",
      ),
    ],
    [
      "where they are put back",
      train(
        `loss.backward()\nsaved = [p.grad.clone() for p in model.parameters()]\noptimizer.zero_grad()\nfor p, g in zip(model.parameters(), saved):\n    p.grad = g\n${clip}\noptimizer.step()`,
      ),
    ],
    [
      "where unseen code may make others",
      train(`loss.backward()\noptimizer.zero_grad()\ncompute()\n${clip}\noptimizer.step()`),
    ],
    [
      "where a block makes them, for which a context manager waits",
      `import contextlib
import torch
optimizer = torch.optim.SGD(model.parameters(), lr=1)
@contextlib.contextmanager
def update():
    optimizer.zero_grad()
    yield
    ${clip}
    optimizer.step()
for x in data:
    with update():
        model(x).sum().backward()
`,
    ],
    [
      "where they are summed first",
      train(`loss.backward()\n${each("dist.all_reduce(p.grad)")}\n${clip}\noptimizer.step()`),
    ],
    [
      "where the sum is clipped again",
      train(`loss.backward()\n${clip}\n${each("dist.all_reduce(p.grad)")}\n${clip}\noptimizer.step()`),
    ],
    ["where a loss is summed", train(`loss.backward()\n${clip}\ndist.all_reduce(loss)\noptimizer.step()`)],
    ["where they are divided first", train(`loss.backward()\n${each("p.grad /= 4")}\n${clip}\noptimizer.step()`)],
    ["where they are multiplied", train(`loss.backward()\n${clip}\n${each("p.grad *= rate")}\noptimizer.step()`)],
    [
      "where noise is added",
      train(`loss.backward()\n${clip}\n${each("p.grad += torch.randn_like(p.grad)")}\noptimizer.step()`),
    ],
    ["where some are divided", train(`loss.backward()\n${clip}\nfor p in extra:\n    p.grad /= 4\noptimizer.step()`)],
    [
      "where they are divided on a condition",
      train(
        `loss.backward()\n${clip}\nif norm > 1:\n    ${each("p.grad /= norm").replaceAll("\n", "\n    ")}\noptimizer.step()`,
      ),
    ],
    [
      "where it may be the other optimizer's that are zeroed",
      `import torch
both = [torch.optim.Adam(a.parameters()), torch.optim.Adam(b.parameters())]
for i, x in enumerate(data):
    loss.backward()
    torch.nn.utils.clip_grad_norm_([*a.parameters(), *b.parameters()], 1.0)
    both[i % 2].zero_grad()
    both[1 - i % 2].step()
`,
    ],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));

  it("to a mean over the processes, which is no clip", () => {
    const text = train(`loss.backward()\n${each("dist.all_reduce(p.grad)\n    p.grad /= size")}\noptimizer.step()`);
    expect(places(text)).toEqual(["10:missing-clipping"]);
  });
});

describe("puts them in order", () => {
  it("by zeroing after the update", () => {
    const fixed = fixAll(train(`loss.backward()\n${clip}\noptimizer.zero_grad()\noptimizer.step()`));
    expect(fixed).toBe(train(`loss.backward()\n${clip}\noptimizer.step()\noptimizer.zero_grad()`));
    expect(places(fixed)).toEqual([]);
  });

  it("by clipping last", () => {
    const fixed = fixAll(train(`loss.backward()\n${clip}\n${each("p.grad /= 4")}\noptimizer.step()`));
    expect(fixed).toBe(train(`loss.backward()\n${each("p.grad /= 4")}\n${clip}\noptimizer.step()`));
    expect(places(fixed)).toEqual([]);
  });
});

describe("another loss after the clip", () => {
  const first = "loss.backward(retain_graph=True)";
  const second = "penalty.backward()";

  it("adds what nothing clips, and the clip moves behind it", () => {
    const text = train(`optimizer.zero_grad()\n${first}\n${clip}\n${second}\noptimizer.step()`);
    expect(places(text)).toEqual(["9:changed-after-clip"]);
    expect(fixAll(text)).toBe(train(`optimizer.zero_grad()\n${first}\n${second}\n${clip}\noptimizer.step()`));
  });

  it("is seen where the norm is kept", () =>
    expect(places(train(`${first}\nnorm = ${clip}\n${second}\noptimizer.step()`))).toEqual(["8:changed-after-clip"]));

  it.each<[string, string]>([
    ["clipped in turn", train(`${first}\n${clip}\n${second}\n${clip}\noptimizer.step()`)],
    ["under a condition", train(`${first}\n${clip}\nif aux:\n    ${second}\noptimizer.step()`)],
    [
      "after a clip that measures",
      train(`${first}\nnorm = ${clip.replace("1.0", "limit")}\n${second}\noptimizer.step()`),
    ],
    [
      "after what may clip",
      train(`${first}\n${clip}\n${second}\ntame(model)\noptimizer.step()`).replace(
        "import torch",
        "import torch\nfrom tools import tame",
      ),
    ],
    [
      "in a branch of its own",
      train(
        `if a:\n    ${first}\n    ${clip}\nelse:\n    ${second}\n    ${clip}\nif i % 4 == 0:\n    optimizer.step()`,
      ),
    ],
    [
      "of another model",
      train(`${first}\n${clip}\ncritic(x).backward()\noptimizer.step()`).replace(
        "(model.parameters())\nfor",
        "(list(model.parameters()) + list(critic.parameters()))\ncritic = torch.nn.Linear(1, 1)\nfor",
      ),
    ],
    [
      "for another optimizer",
      train(`${first}\n${clip}\n${second}\noptimizer.step()\n${clip.replace("model", "critic")}\nother.step()`).replace(
        "\nfor",
        "\ncritic = torch.nn.Linear(1, 1)\nother = torch.optim.Adam(critic.parameters())\nfor",
      ),
    ],
  ])("is no fault %s", (_, text) => expect(places(text).filter((place) => place.includes("changed"))).toEqual([]));
});
