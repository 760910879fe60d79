import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const start = `import torch
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    optimizer.zero_grad()
    model(x)[0].sum().backward()
`;

describe("reports a clip that comes too late", () => {
  it.each<[string, string, string[]]>([
    [
      "in a loop",
      `${start}    optimizer.step()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n`,
      ["8:clip-after-step"],
    ],
    [
      "by value",
      `${start}    optimizer.step()\n    torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)\n`,
      ["8:clip-after-step"],
    ],
    [
      "under a condition",
      `${start}    optimizer.step()\n    if args.clip:\n        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)\n`,
      ["9:clip-after-step"],
    ],
    [
      "after a scaler's step",
      `${start.replace("model(x)", "scaler.scale(model(x)")}`.replace(".sum()", ".sum())") +
        "    scaler.step(optimizer)\n    scaler.update()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n",
      ["9:clip-after-step"],
    ],
    [
      "in a helper",
      `import torch
def update(model, optimizer, loss):
    loss.backward()
    optimizer.step()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
`,
      ["5:clip-after-step"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe("says nothing", () => {
  it.each<[string, string]>([
    [
      "to a clip for the other optimizer's step",
      `import torch
opt_a = torch.optim.Adam(a.parameters())
opt_b = torch.optim.Adam(b.parameters())
for x in data:
    loss.backward()
    torch.nn.utils.clip_grad_norm_(a.parameters(), 1.0)
    opt_a.step()
    torch.nn.utils.clip_grad_norm_(b.parameters(), 1.0)
    opt_b.step()
`,
    ],
    [
      "to clipping of weights after the step",
      `${start}    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()\n    for p in model.parameters():\n        p.data.clamp_(-1, 1)\n`,
    ],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});

describe("moves the clip", () => {
  it("with its condition", () => {
    const text = `${start}    optimizer.step()\n    if args.clip:\n        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)\n`;
    expect(fixAll(text)).toBe(
      `${start}    if args.clip:\n        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)\n    optimizer.step()\n`,
    );
  });

  it("with its result", () => {
    const text = `${start}    optimizer.step()\n    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    print(norm)\n`;
    expect(fixAll(text)).toBe(
      `${start}    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()\n    print(norm)\n`,
    );
  });

  it("and unscales where a scaler steps", () => {
    const text = `import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.cuda.amp.GradScaler()
scaler.scale(model(x).sum()).backward()
scaler.step(optimizer)
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
`;
    expect(fixAll(text)).toContain(
      "scaler.unscale_(optimizer)\ntorch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\nscaler.step(optimizer)\n",
    );
    expect(places(fixAll(text))).toEqual([]);
  });
});
