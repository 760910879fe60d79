import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const train = (clip: string, scaler = "torch.amp.GradScaler('cuda')", step = "scaler.step(optimizer)") => `import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
scaler = ${scaler}
for x in data:
    scaler.scale(model(x).sum()).backward()
    scaler.unscale_(optimizer)
    ${clip}
    ${step}
`;
const raising = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)";

describe("reports an error where the scaler would skip the step", () => {
  it.each<[string, string, string[]]>([
    ["by keyword", train(raising), ["8:nonfinite-error-under-scaler"]],
    [
      "by position",
      train("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, 2.0, True)"),
      ["8:nonfinite-error-under-scaler"],
    ],
    [
      "through a name",
      train(raising.replace("=True", "=strict")).replace("for x", "strict = True\nfor x"),
      ["9:nonfinite-error-under-scaler"],
    ],
    [
      "with a scaler that may be enabled",
      train(raising, "torch.amp.GradScaler(enabled=args.amp)"),
      ["8:nonfinite-error-under-scaler"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe("says nothing", () => {
  it.each<[string, string]>([
    ["without the argument", train("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)")],
    ["where it is false", train(raising.replace("True", "False"))],
    ["where it may be false", train(raising.replace("=True", "=args.strict"))],
    ["to a scaler that is off", train(raising, "torch.amp.GradScaler(enabled=False)")],
    ["without a scaler", train(raising, "None", "optimizer.step()").replace("scaler.unscale_(optimizer)", "pass")],
    ["where the error is caught", train(`try:\n        ${raising}\n    except RuntimeError:\n        continue`)],
    [
      "where an update without the scaler shares the clip",
      train(raising, undefined, "if amp:\n        scaler.step(optimizer)\n    else:\n        optimizer.step()"),
    ],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});

describe("removes the argument", () => {
  it("from a line of its own", () => {
    const clip = (last: string) =>
      `torch.nn.utils.clip_grad_norm_(\n        model.parameters(),\n        max_norm=1.0,${last}\n    )`;
    const fixed = fixAll(train(clip("\n        error_if_nonfinite=True,")));
    expect(fixed).toBe(train(clip("")));
    expect(places(fixed)).toEqual([]);
  });

  it("but not from before another positional one", () => {
    const text = train("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, 2.0, True, False)");
    expect(places(text)).toEqual(["8:nonfinite-error-under-scaler"]);
    expect(fixAll(text)).toBe(text);
  });
});
