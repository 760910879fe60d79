import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const indented = (body: string) =>
  body
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
const train = (body: string, scaler = "torch.amp.GradScaler('cuda')") => `import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
scaler = ${scaler}
for i, x in enumerate(data):
    scaler.scale(model(x).sum()).backward()
${indented(body)}
`;
const unscale = "scaler.unscale_(optimizer)";
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)";
const step = "scaler.step(optimizer)\nscaler.update()\noptimizer.zero_grad()";
const guarded = `if (i + 1) % 4 == 0:\n${indented(step)}`;

describe("reports a second unscaling", () => {
  it.each<[string, string, string[]]>([
    ["after the clip", train(`${unscale}\n${clip}\n${unscale}\n${step}`), ["9:repeated-unscale"]],
    ["before the clip", train(`${unscale}\n${unscale}\n${clip}\n${step}`), ["8:repeated-unscale"]],
    ["under a condition", train(`${unscale}\n${clip}\nif log:\n    ${unscale}\n${step}`), ["10:repeated-unscale"]],
    [
      "with a scaler passed in",
      `import torch
def update(model, optimizer, scaler, loss):
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
`,
      ["6:repeated-unscale"],
    ],
    ["at each micro-batch", train(`${unscale}\n${clip}\n${guarded}`), ["7:repeated-unscale"]],
    [
      "where the others are skipped",
      train(`${unscale}\nif (i + 1) % 4:\n    continue\n${clip}\n${step}`),
      ["7:repeated-unscale"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe("says nothing", () => {
  it.each<[string, string]>([
    ["to one", train(`${unscale}\n${clip}\n${step}`)],
    ["to either of two", train(`if norm:\n    ${unscale}\nelse:\n    ${unscale}\n${clip}\n${step}`)],
    [
      "to two under conditions of their own",
      train(`if a:\n    ${unscale}\n    ${clip}\nif b:\n    ${unscale}\n    ${clip}\n${step}`),
    ],
    ["under the guard of the update", train(`if (i + 1) % 4 == 0:\n${indented(`${unscale}\n${clip}\n${step}`)}`)],
    [
      "under an equal guard",
      train(`if (i + 1) % 4 == 0:\n    ${unscale}\n    ${clip}\nif (i + 1) % 4 == 0:\n${indented(step)}`),
    ],
    [
      "where the scale is updated without a step",
      train(`${unscale}\n${clip}\nif ok:\n    scaler.step(optimizer)\nscaler.update()`),
    ],
    [
      "where every n-th batch steps and each one updates the scale",
      train(`${unscale}\n${clip}\nif (i + 1) % 4 == 0:\n    scaler.step(optimizer)\nscaler.update()`),
    ],
    [
      "where the scale is updated in between",
      train(`${unscale}\nscaler.update()\nscaler.scale(loss).backward()\n${unscale}\n${clip}\n${step}`),
    ],
    [
      "to two optimizers",
      `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
scaler = torch.amp.GradScaler()
for x in data:
    scaler.scale(loss).backward()
    scaler.unscale_(opt_g)
    scaler.unscale_(opt_d)
    torch.nn.utils.clip_grad_norm_(G.parameters(), 1.0)
    torch.nn.utils.clip_grad_norm_(D.parameters(), 1.0)
    scaler.step(opt_g)
    scaler.step(opt_d)
    scaler.update()
`,
    ],
    [
      "to a scaler that is off",
      train(`${unscale}\n${unscale}\n${clip}\n${step}`, "torch.amp.GradScaler(enabled=False)"),
    ],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});

describe("removes or moves it", () => {
  it("out of a condition that holds nothing else", () => {
    const fixed = fixAll(train(`${unscale}\n${clip}\nif log:\n    ${unscale}\n${step}`), "safe");
    expect(fixed).toBe(train(`${unscale}\n${clip}\n${step}`));
  });

  it("to the update, with the clip", () => {
    const fixed = fixAll(train(`${unscale}\nif args.clip:\n    ${clip}\n${guarded}`.replace("1.0", "args.clip")));
    expect(fixed).toBe(
      train(
        `if (i + 1) % 4 == 0:\n${indented(`${unscale}\nif args.clip:\n    ${clip}\n${step}`)}`.replace(
          "1.0",
          "args.clip",
        ),
      ),
    );
    expect(places(fixed)).toEqual([]);
  });

  it("to the clip that already waits for the update", () => {
    const fixed = fixAll(train(`${unscale}\nif (i + 1) % 4:\n    continue\n${clip}\n${step}`));
    expect(fixed).toBe(train(`if (i + 1) % 4:\n    continue\n${unscale}\n${clip}\n${step}`));
    expect(places(fixed)).toEqual([]);
  });
});
