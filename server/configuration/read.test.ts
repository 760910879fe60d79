import { describe, expect, it } from "vitest";
import { ConfigurationError } from "./configuration.ts";
import { readConfiguration } from "./read.ts";

const RULES = ["missing-clipping", "deprecated-clip", "clip-after-step"];
const read = (text: string) => readConfiguration(text, "/project/pyproject.toml", RULES);

it("reads every key", () => {
  expect(
    read(`
[project]
name = "x"

[tool.gradsight]
select = ["missing-clipping", "deprecated-clip"]
ignore = ["deprecated-clip"]
exclude = ["vendored/", "*_pb2.py"]
per-file-ignores = { "tests/**" = ["missing-clipping"] }

[tool.gradsight.severity]
missing-clipping = "error"
clip-after-step = "off"
`),
  ).toEqual({
    file: "/project/pyproject.toml",
    folder: "/project",
    select: ["missing-clipping", "deprecated-clip"],
    ignore: ["deprecated-clip"],
    severity: { "missing-clipping": "error", "clip-after-step": "off" },
    perFileIgnores: [{ pattern: "tests/**", rules: ["missing-clipping"] }],
    exclude: ["vendored/", "*_pb2.py"],
  });
});

it("takes an empty table for one that asks for nothing", () => {
  expect(read("[tool.gradsight]")).toMatchObject({ select: null, ignore: [], severity: {}, exclude: [] });
});

for (const [what, text] of Object.entries({
  nothing: "",
  "other tools only": "[tool.ruff]\nselect = 7\n",
  "a table named alike": '[gradsight]\nselect = 7\n[tool.gradsight-extra]\nx = "gradsight"\n',
  "another tool, wrongly": "[tool.ruff\nselect = \n",
}))
  it(`finds no table in a file with ${what}`, () => expect(read(text)).toBeNull());

describe("names file, line, key and what is allowed", () => {
  const cases: Record<string, [string, string]> = {
    "an unknown key": ['[tool.gradsight]\n\nselct = ["x"]', '3: there is no key "selct"; did you mean select?'],
    "a key from nowhere": [
      "[tool.gradsight]\nline-length = 88",
      '2: there is no key "line-length"; there are select, ignore, severity, per-file-ignores, exclude',
    ],
    "Ruff's way to exclude more": [
      '[tool.gradsight]\nextend-exclude = ["x"]',
      "2: there is no key extend-exclude: exclude adds to what is excluded anyway",
    ],
    "an unknown rule in a list over several lines": [
      '[tool.gradsight]\nselect = [\n  "missing-clipping",\n  "mising-clipping",\n]',
      '4: select: there is no rule "mising-clipping"; did you mean missing-clipping?',
    ],
    "an unknown rule with a severity": [
      '[tool.gradsight]\n[tool.gradsight.severity]\nxyz = "off"',
      '3: severity: there is no rule "xyz"; `gradsight rules` lists them',
    ],
    "an unknown severity": [
      '[tool.gradsight.severity]\ndeprecated-clip = "off"\nmissing-clipping = "fatal"',
      '3: severity.missing-clipping: "fatal" is none of error, warning, information, hint, off',
    ],
    "an unknown severity in dotted keys": [
      '[tool]\ngradsight.severity.missing-clipping = "info"',
      '2: severity.missing-clipping: "info" is none of error, warning, information, hint, off',
    ],
    "a severity that is no text": [
      "[tool.gradsight]\nseverity = { missing-clipping = 2 }",
      "2: severity.missing-clipping: 2 is none of error, warning, information, hint, off",
    ],
    "text for a list": ['[tool.gradsight]\nexclude = "a"', "2: exclude must be a list of patterns"],
    "a number in a list": ["[tool.gradsight]\nignore = [1]", "2: ignore[0] must be one of a list of rule names"],
    "a list for a table": [
      "[tool.gradsight]\nper-file-ignores = []",
      "2: per-file-ignores must be a table of rule names by pattern",
    ],
    "an unknown rule for some files": [
      '[tool.gradsight.per-file-ignores]\n"a.py" = ["missing-clipping"]\n"b.py" = ["nothing"]',
      '3: per-file-ignores.b.py: there is no rule "nothing"; `gradsight rules` lists them',
    ],
    "no table": ['[tool]\ngradsight = "on"', "2: tool.gradsight must be a table of select, ignore"],
    "no TOML": ["[tool.gradsight]\nselect = [\n", "3: not valid TOML: "],
  };
  for (const [what, [text, message]] of Object.entries(cases))
    it(what, () => {
      expect(() => read(text)).toThrow(ConfigurationError);
      expect(() => read(text)).toThrow(`/project/pyproject.toml:${message}`);
    });
});
