import { expect, it } from "vitest";
import { fixAll, lint } from "../../../test/analysis/analyser.ts";

const train = (clip: string, before = "") => `import torch
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
for x in data:
    loss.backward()
    ${clip}
    optimizer.step()
`;
const found = (text: string) => lint(text).map(({ rule, severity }) => `${severity} ${rule}`);

it.each([
  ["of PyTorch", "torch.nn.utils.clip_grad_value_(model.parameters(), 0.5)", ""],
  ["through a variable", "torch.nn.utils.clip_grad_value_(params, limit)", "params = list(model.parameters())"],
  [
    "of Accelerate",
    "accelerator.clip_grad_value_(model.parameters(), 0.5)",
    "from accelerate import Accelerator\naccelerator = Accelerator()",
  ],
  [
    "in a helper, once for all its callers",
    "tame(model); tame(net)",
    "def tame(m):\n    torch.nn.utils.clip_grad_value_(m.parameters(), 0.5)",
  ],
])("hints at clipping by value %s", (_, clip, before) => {
  expect(found(train(clip, before))).toEqual(["hint value-clipping"]);
});

it("hints at a clip that comes too late as well, which a fix puts in its place", () => {
  const text = `${train("pass")}    torch.nn.utils.clip_grad_value_(model.parameters(), 0.5)\n`;
  expect(found(text)).toEqual(["warning clip-after-step", "hint value-clipping"]);
  expect(found(fixAll(text))).toEqual(["hint value-clipping"]);
});

it("says nothing to a function that offers it", () => {
  const text = `import torch
def clip(parameters, limit, mode):
    if mode == "value":
        torch.nn.utils.clip_grad_value_(parameters, limit)
`;
  expect(found(text)).toEqual([]);
});

it.each([
  ["norm", "torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)"],
  ["hand", "[p.grad.clamp_(-1, 1) for p in model.parameters()]"],
])("says nothing to clipping by %s", (_, clip) => expect(found(train(clip))).toEqual([]));
