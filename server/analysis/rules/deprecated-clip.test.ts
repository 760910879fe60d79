import { expect, it } from "vitest";
import { fixAll, lint } from "../../../test/analysis/analyser.ts";

const train = (imports: string, clip: string) => `${imports}
opt = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
${clip}(model.parameters(), 1.0)
opt.step()
`;

it.each([
  ["import torch", "torch.nn.utils.clip_grad_norm", "import torch", "torch.nn.utils.clip_grad_norm_"],
  [
    "import torch\nimport torch.nn as nn",
    "nn.utils.clip_grad_norm",
    "import torch\nimport torch.nn as nn",
    "nn.utils.clip_grad_norm_",
  ],
  [
    "import torch\nfrom torch.nn.utils import clip_grad_norm",
    "clip_grad_norm",
    "import torch\nfrom torch.nn.utils import clip_grad_norm_",
    "clip_grad_norm_",
  ],
  [
    "import torch\nfrom torch.nn.utils import clip_grad_norm as clip",
    "clip",
    "import torch\nfrom torch.nn.utils import clip_grad_norm_ as clip",
    "clip",
  ],
])("renames %s … %s, safely", (imports, clip, newImports, newClip) => {
  const [finding, ...others] = lint(train(imports, clip));
  expect(finding).toMatchObject({ rule: "deprecated-clip", deprecated: true, fix: { applicability: "safe" } });
  expect(others).toEqual([]);
  expect(fixAll(train(imports, clip), "safe")).toBe(train(newImports, newClip));
});

it("keeps the old name as an alias where it is used otherwise, too", () => {
  const text = `${train("import torch\nfrom torch.nn.utils import clip_grad_norm", "clip_grad_norm")}chosen = clip_grad_norm\n`;
  expect(fixAll(text, "safe")).toContain("import clip_grad_norm_ as clip_grad_norm\n");
});

it("leaves the present name, and other people's functions, alone", () => {
  expect(lint(train("import torch\nfrom torch.nn.utils import clip_grad_norm_", "clip_grad_norm_"))).toEqual([]);
  expect(lint(train("import torch\nfrom tools import clip_grad_norm", "clip_grad_norm"))).toEqual([]);
});
