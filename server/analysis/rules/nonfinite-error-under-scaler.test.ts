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

describe("Fabric, which raises unless it is told not to", () => {
  const loop = (options: string, clip: string) => `import torch
from lightning.fabric import Fabric

fabric = Fabric(${options})
model, optimizer = fabric.setup(net, torch.optim.Adam(net.parameters()))
for x in data:
    optimizer.zero_grad()
    fabric.backward(model(x).sum())
    ${clip}
    optimizer.step()
`;
  const clip = (more = "") => `fabric.clip_gradients(model, optimizer, max_norm=1.0${more})`;
  const mixed = 'precision="16-mixed", devices=2';
  const found = (text: string) => places(text).filter((place) => place.endsWith("nonfinite-error-under-scaler"));

  it.each<[string, string]>([
    ["by default", loop(mixed, clip())],
    ["by its older name", loop("precision=16", clip())],
    ["by name", loop(mixed, clip(", error_if_nonfinite=True"))],
    ["with processes that hold the whole model", loop(`${mixed}, strategy="ddp", accelerator="cuda"`, clip())],
  ])("is reported: %s", (_, text) => {
    expect(found(text)).toHaveLength(1);
    expect(found(fixAll(text))).toEqual([]);
    expect(fixAll(text)).toContain("max_norm=1.0, error_if_nonfinite=False)");
  });

  it.each<[string, string]>([
    ["it is told not to", loop(mixed, clip(", error_if_nonfinite=False"))],
    ["nothing is scaled", loop('precision="bf16-mixed"', clip())],
    ["the precision is whatever is asked for", loop("precision=args.precision", clip())],
    ["it runs on a CPU, which takes another precision", loop(`${mixed}, accelerator="cpu"`, clip())],
    ["the model is sharded, and clips by itself", loop(`${mixed}, strategy="fsdp"`, clip())],
    ["it clips by value", loop(mixed, "fabric.clip_gradients(model, optimizer, clip_val=0.5)")],
    ["the error is caught", loop(mixed, `try:\n        ${clip()}\n    except RuntimeError:\n        continue`)],
  ])("is fine where %s", (_, text) => expect(found(text)).toEqual([]));

  it("is not what the inserted clip does", () => {
    const scaled = fixAll(loop(mixed, "pass").replace("    pass\n", "").replaceAll("net", "model"));
    expect(scaled).toContain("fabric.clip_gradients(model, optimizer, max_norm=1.0, error_if_nonfinite=False)\n");
    expect(places(scaled)).toEqual([]);
    const plain = fixAll(loop("", "pass").replace("    pass\n", "").replaceAll("net", "model"));
    expect(plain).toContain("fabric.clip_gradients(model, optimizer, max_norm=1.0)\n");
  });
});
