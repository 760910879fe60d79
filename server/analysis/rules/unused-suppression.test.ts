import { describe, expect, it } from "vitest";
import { fixAll, lint, rulesFound } from "../../../test/analysis/analyser.ts";
import type { LintOptions } from "../index.ts";

const script = (comment: string, clip = "") => `import torch
model = torch.nn.LSTM(8, 8)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
model(x)[0].sum().backward()
${clip}opt.step()${comment}
`;
const CLIP = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n";
const unclipped = (comment: string) => script(comment);
const clipped = (comment: string) => script(comment, CLIP);

const messages = (text: string, options?: LintOptions) =>
  lint(text, options)
    .filter(({ rule }) => rule === "unused-suppression")
    .map(({ message }) => message);

describe("finds", () => {
  const VAIN = "This comment suppresses nothing.";
  const cases: [string, string, string, string][] = [
    ["a rule that finds nothing", clipped("  # gradsight: ignore[missing-clipping]"), VAIN, clipped("")],
    ["every rule, where none finds anything", clipped("  # gradsight: ignore"), VAIN, clipped("")],
    ["no rule", clipped("  # gradsight: ignore[]"), VAIN, clipped("")],
    [
      "one rule too many",
      unclipped("  # gradsight: ignore[missing-clipping, clip-after-step]"),
      "Nothing here needs `clip-after-step`.",
      unclipped("  # gradsight: ignore[missing-clipping]"),
    ],
    [
      "a rule that there is not",
      unclipped("  # gradsight: ignore[mising-clipping,missing-clipping]"),
      "There is no rule `mising-clipping`.",
      unclipped("  # gradsight: ignore[missing-clipping]"),
    ],
    [
      "a rule that there is not, alone",
      clipped("  # gradsight: ignore[gradient]"),
      "There is no rule `gradient`. This comment suppresses nothing.",
      clipped(""),
    ],
    [
      "a comment before a reason",
      clipped("  # gradsight: ignore[missing-clipping] the loss is bounded"),
      VAIN,
      clipped("  # the loss is bounded"),
    ],
    [
      "a comment before another tool's",
      clipped("  # gradsight: ignore[missing-clipping]  # noqa: E501"),
      VAIN,
      clipped("  # noqa: E501"),
    ],
    ["a comment after another tool's", clipped("  # noqa  # gradsight: ignore"), VAIN, clipped("  # noqa")],
    ["a comment on a line of its own", `# gradsight: ignore\n${clipped("")}`, VAIN, clipped("")],
    [
      "a comment on the last line, which has no end",
      `${clipped("")}    # gradsight: ignore[missing-clipping]`,
      VAIN,
      clipped(""),
    ],
    ["a rule for the whole file", `# gradsight: ignore-file[missing-clipping]\r\n${clipped("")}`, VAIN, clipped("")],
    ["a file that doesn't train", "import os  # gradsight: ignore[missing-clipping]\n", VAIN, "import os\n"],
  ];
  for (const [what, text, message, fixed] of cases)
    it(what, () => {
      expect(messages(text)).toEqual([message]);
      expect(fixAll(text, "safe")).toBe(fixed);
      expect(messages(fixed)).toEqual([]);
    });
});

describe("finds nothing wrong with", () => {
  const ALL_NAMED = "  # gradsight: ignore[missing-clipping]";
  const cases: Record<string, [string, LintOptions?]> = {
    "what silences a finding": [unclipped(ALL_NAMED)],
    "what silences whatever there is": [unclipped("  # gradsight: ignore")],
    "what silences a finding of the whole file": [`# gradsight: ignore-file[missing-clipping]\n${unclipped("")}`],
    "a rule that is off": [clipped(ALL_NAMED), { severity: { "missing-clipping": "off" } }],
    "a rule that is off until selected": [clipped("  # gradsight: ignore[unchecked-nonfinite]")],
    "every rule, while one is off": [clipped("  # gradsight: ignore"), { severity: { "clip-after-step": "off" } }],
    "a file to be left alone": [`# gradsight: ignore-file\n${clipped(ALL_NAMED)}`],
    "text that shows how to suppress": [clipped('\nhelp = """write  # gradsight: ignore[rule]"""')],
    "text in quotes": [clipped("\nhelp = 'it\\'s # gradsight: ignore[rule]'")],
    "a word that only starts alike": [clipped("  # gradsight: ignored")],
    "a file that doesn't parse": [clipped(`${ALL_NAMED}\ndef f(:`)],
    "a comment that asks not to be told": [clipped("  # gradsight: ignore[missing-clipping, unused-suppression]")],
  };
  for (const [what, [text, options]] of Object.entries(cases))
    it(what, () => expect(messages(text, options)).toEqual([]));
});

it("silences only the rules named for a file", () => {
  expect(rulesFound(`# gradsight: ignore-file[missing-clipping]\n${unclipped("")}`)).toEqual([]);
  expect(rulesFound(`# gradsight: ignore-file[clip-after-step, unused-suppression]\n${unclipped("")}`)).toEqual([
    "missing-clipping",
  ]);
});

it("counts a comment on the first and on the last line of what is reported", () => {
  const text = unclipped("").replace("opt.step()", "opt.step(  # gradsight: ignore[missing-clipping]\n)");
  expect(rulesFound(text)).toEqual([]);
});
