import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const loop = (update: string, before = "") => `import timm
import torch
from timm.utils import NativeScaler, adaptive_clip_grad, dispatch_clip_grad

model = timm.create_model("vit_base_patch16_224")
optimizer = torch.optim.AdamW(model.parameters())
${before}
for x in loader:
    optimizer.zero_grad()
    loss = model(x).sum()
${update
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;
const plain = (clip: string) => loop(`loss.backward()\n${clip}\noptimizer.step()`);
const native = (call: string) => loop(call, "scaler = NativeScaler()");

describe("timm's clips", () => {
  it.each<[string, string, string[]]>([
    ["by norm", plain("dispatch_clip_grad(model.parameters(), 1.0)"), []],
    ["by the norm of each weight", plain("adaptive_clip_grad(model.parameters())"), []],
    ["to far too much", plain("dispatch_clip_grad(model.parameters(), 1e6)"), ["12:unlikely-threshold"]],
    ["in a way that is only asked for", plain("dispatch_clip_grad(model.parameters(), 1e6, mode=args.mode)"), []],
    [
      "after the update",
      loop("loss.backward()\noptimizer.step()\ndispatch_clip_grad(model.parameters(), 1.0)"),
      ["13:clip-after-step"],
    ],
    [
      "of gradients that are still scaled",
      loop(
        "scaler.scale(loss).backward()\ndispatch_clip_grad(model.parameters(), 1.0)\nscaler.step(optimizer)\nscaler.update()",
        "scaler = torch.amp.GradScaler()",
      ),
      ["12:clip-scaled-gradients"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));

  it("are given unscaled gradients", () => {
    const scaled = (unscale: string) =>
      loop(
        `scaler.scale(loss).backward()\n${unscale}dispatch_clip_grad(model.parameters(), 1.0)\nscaler.step(optimizer)\nscaler.update()`,
        "scaler = torch.amp.GradScaler()",
      );
    expect(fixAll(scaled(""))).toBe(scaled("scaler.unscale_(optimizer)\n"));
  });

  it("by value, where they are told so", () => {
    const text = plain('dispatch_clip_grad(model.parameters(), 0.1, mode="value")');
    expect(lint(text).map(({ rule }) => rule)).toEqual(["value-clipping"]);
  });
});

describe("timm's scaler", () => {
  it("updates unclipped where it is told nothing", () => {
    expect(places(native("scaler(loss, optimizer, parameters=model.parameters())"))).toEqual(["11:missing-clipping"]);
  });
  it.each([
    ["a threshold", "scaler(loss, optimizer, clip_grad=1.0, parameters=model.parameters())"],
    ["one by its place", "scaler(loss, optimizer, args.clip_grad, args.clip_mode, model.parameters())"],
    ["options that can't be seen", "scaler(loss, optimizer, **options)"],
  ])("may clip where it is told %s", (_, call) => expect(places(native(call))).toEqual([]));
});
