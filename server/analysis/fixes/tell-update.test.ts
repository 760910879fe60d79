import { describe, expect, it } from "vitest";
import { rulesFound } from "../../../test/analysis/analyser.ts";
import type { OtherKind } from "../frameworks/spelling.ts";
import { choose } from "./testing/set-threshold.ts";

describe("by the call that makes the update", () => {
  const timm = (given: string) =>
    `import torch\nfrom timm.utils import NativeScaler\nscaler = NativeScaler()\nopt = torch.optim.SGD(model.parameters(), lr=1)\nfor x in data:\n    scaler(model(x), opt${given})\n`;
  const parameters = ", parameters=model.parameters()";
  it.each<[string, string, OtherKind, string]>([
    ["adaptively", "", "adaptive", `, clip_grad=0.01, clip_mode="agc"${parameters}`],
    ["by value", "", "value", `, clip_grad=0.5, clip_mode="value"${parameters}`],
    [
      "where it clips at nothing",
      `, clip_grad=None${parameters}`,
      "adaptive",
      `, clip_grad=0.01, clip_mode="agc"${parameters}`,
    ],
  ])("of timm's scaler, %s", (_, given, kind, after) => {
    const written = choose(timm(given), kind);
    expect(parts(written)).toEqual(parts(timm(after)));
    expect(rulesFound(written).filter((rule) => rule !== "value-clipping")).toEqual([]);
    expect(choose(written, kind)).toMatch(/^refused: .* told to clip on line 6 already/);
  });
  /** The arguments of the call, in whatever order. */
  const parts = (text: string) => (text.split("opt, ")[1] ?? "").replace(")\n", "").split(", ").sort();

  it("not where that says already in which way it clips", () => {
    expect(choose(timm(', clip_mode="norm"'), "adaptive")).toMatch(/^refused: /);
    expect(choose(timm(""), "autoclip")).toContain("timm can't clip by the history of the norms");
  });
});
