import { describe, expect, it } from "vitest";
import { places } from "../../../test/analysis/analyser.ts";

const maml = (inner: string, outer: string, open = "higher.innerloop_ctx(model, inner, copy_initial_weights=False)") =>
  `import higher
import torch

model = torch.nn.LSTM(4, 4)
inner = torch.optim.SGD(model.parameters(), lr=0.1)
outer = torch.optim.Adam(model.parameters())
for task in tasks:
    outer.zero_grad()
    with ${open} as (fast, diffopt):
        for _ in range(5):
            ${inner}
        fast(task).sum().backward()
    ${outer}
`;
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    outer.step()";
const step = "diffopt.step(fast(task).sum())";

describe("an inner loop of higher", () => {
  it("has no update of its own", () => {
    expect(places(maml(step, clip))).toEqual([]);
    expect(places(maml(step, "outer.step()"))).toEqual(["13:missing-clipping"]);
  });

  it("may have its gradients clipped by a callback", () => {
    const clipped = "diffopt.step(fast(task).sum(), grad_callback=tame)";
    expect(places(maml(clipped, "outer.step()"))).toEqual(["13:missing-clipping"]);
  });

  it("may be opened by hand", () => {
    const text = maml(step, "outer.step()", "higher.patch.monkeypatch(model)")
      .replace(" as (fast, diffopt)", " as fast")
      .replace(
        "        for _",
        "        diffopt = higher.get_diff_optim(inner, model.parameters(), fast)\n        for _",
      );
    expect(places(text)).toEqual(["14:missing-clipping"]);
  });
});
