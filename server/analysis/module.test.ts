import { describe, expect, it } from "vitest";
import { analyser, fixAll, lint, rulesFound } from "../../test/analysis/analyser.ts";

const TRAIN = "import torch\nopt = torch.optim.SGD(model.parameters(), lr=1)\nloss.backward()\nopt.step()\n";

describe("takes whatever a file holds", () => {
  it.each([
    ["nothing", ""],
    ["a BOM alone", "\uFEFF"],
    ["binary", `torch.step${"\0\u0001\uFFFD".repeat(500)}`],
    ["no Python", "<html>torch .step() ((((</html>"],
    ["open brackets", `import torch\n${"(".repeat(3000)}opt.step()\n`],
    ["deep nesting", `import torch\nx = ${"[".repeat(400)}${"]".repeat(400)}\nopt.step()\n`],
    ["lone surrogates", `import torch\nx = "\uD800"\nopt.step()\n`],
    ["old line endings", TRAIN.replaceAll("\n", "\r")],
    ["recursion", "import torch\ndef a():\n    b()\n    opt.step()\ndef b():\n    a()\n    loss.backward()\na()\n"],
    ["names defined by each other", "import torch\na = b\nb = a\nopt = a\nloss.backward()\nopt.step()\na.x = b.x\n"],
  ])("%s", (_, text) => {
    const module = analyser.open(text);
    expect(() => module.lint()).not.toThrow();
    expect(() => module.fixAll("unsafe")).not.toThrow();
    expect(() => module.hover(0)).not.toThrow();
    expect(() => module.thresholdEdit({ threshold: 1, siteLine: 0, clipLine: 0 })).not.toThrow();
    module.dispose();
  });

  it("Python 2, as far as it parses", () =>
    expect(rulesFound(TRAIN.replace("loss.backward()", 'print "loss", loss\nloss.backward()'))).toEqual([
      "missing-clipping",
    ]));

  it("a file that breaks elsewhere", () =>
    expect(rulesFound(`${TRAIN}\ndef broken(:\n`)).toEqual(["missing-clipping"]));

  it("fifty thousand lines", () => {
    const filler = Array.from({ length: 12_500 }, (_, i) => `def f${i}(a, b=1):\n    c = [a, b]\n    return c\n`).join(
      "\n",
    );
    const module = analyser.open(`${filler}${TRAIN}`);
    expect(module.lint().map(({ rule }) => rule)).toEqual(["missing-clipping"]);
    module.edit([{ range: { start: 0, end: 0 }, newText: "# more\n" }]);
    expect(module.lint()).toHaveLength(1);
    module.dispose();
  });
});

it("takes severities, and leaves out what is off", () => {
  const module = analyser.open(TRAIN);
  expect(module.lint({ severity: { "missing-clipping": "error" } })[0]?.severity).toBe("error");
  expect(module.lint({ severity: { "missing-clipping": "off" } })).toEqual([]);
  module.dispose();
});

it("applies edits one after the other", () => {
  const module = analyser.open("");
  module.edit([
    { range: { start: 0, end: 0 }, newText: TRAIN },
    { range: { start: 0, end: 6 }, newText: "from torch import nn\nimport" },
  ]);
  expect(module.text).toBe(`from torch import nn\n${TRAIN}`);
  expect(module.lint()).toHaveLength(1);
  module.dispose();
});

it("applies only what is asked for", () => {
  expect(fixAll(TRAIN, "safe")).toBe(TRAIN);
  expect(fixAll(TRAIN, "unsafe")).not.toBe(TRAIN);
});

it("sorts findings by place", () => {
  const starts = lint(TRAIN + TRAIN.replaceAll("opt", "solver")).map(({ range }) => range.start);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
});
