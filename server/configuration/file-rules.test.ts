import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Configuration } from "./configuration.ts";
import { FileRules, type Override } from "./file-rules.ts";

const RULES = ["a", "b", "c"];
const FOLDER = join("/", "project");
const NOTHING: Configuration = {
  file: join(FOLDER, "pyproject.toml"),
  folder: FOLDER,
  select: null,
  ignore: [],
  severity: {},
  perFileIgnores: [],
  exclude: [],
};

function severity(configuration: Partial<Configuration> | null, override: Override = {}, file = "x.py") {
  const rules = new FileRules(configuration && { ...NOTHING, ...configuration }, override, RULES);
  return rules.for(join(FOLDER, file)).severity;
}

describe("a file's rules", () => {
  const cases: [string, Partial<Configuration> | null, Override, Record<string, string>][] = [
    ["are all, without a configuration", null, {}, {}],
    ["are those selected", { select: ["a"] }, {}, { b: "off", c: "off" }],
    ["are not those ignored, though selected", { select: ["a", "b"], ignore: ["b"] }, {}, { b: "off", c: "off" }],
    ["have the severity given", { severity: { a: "hint", b: "off" } }, {}, { a: "hint", b: "off" }],
    [
      "are those selected on the command line, whatever the file says",
      { select: ["a"], ignore: ["b"], severity: { b: "off", c: "hint" } },
      { select: new Set(["b", "c"]) },
      { a: "off", c: "hint" },
    ],
    [
      "are not those ignored on the command line too",
      { ignore: ["a"] },
      { ignore: new Set(["b"]) },
      { a: "off", b: "off" },
    ],
    ["have the editor's severity last", { ignore: ["a"] }, { severity: { a: "error" } }, { a: "error" }],
  ];
  for (const [what, configuration, override, expected] of cases)
    it(what, () => expect(severity(configuration, override)).toEqual(expected));

  it("are fewer where a pattern matches", () => {
    const perFileIgnores = [
      { pattern: "tests/", rules: ["a"] },
      { pattern: "*_test.py", rules: ["b"] },
      { pattern: "!/src/", rules: ["c"] },
    ];
    expect(severity({ perFileIgnores }, {}, "src/x.py")).toEqual({});
    expect(severity({ perFileIgnores }, {}, "src/x_test.py")).toEqual({ b: "off" });
    expect(severity({ perFileIgnores }, {}, "lib/tests/x_test.py")).toEqual({ a: "off", b: "off", c: "off" });
    expect(severity({ perFileIgnores }, { severity: { a: "hint" } }, "src/tests/x.py")).toEqual({ a: "hint" });
  });

  it("are one object where no pattern matches, so that findings can be kept by it", () => {
    const rules = new FileRules({ ...NOTHING, perFileIgnores: [{ pattern: "y.py", rules: ["a"] }] }, {}, RULES);
    expect(rules.for(join(FOLDER, "x.py"))).toBe(rules.for(join(FOLDER, "z.py")));
  });
});
