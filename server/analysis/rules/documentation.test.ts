import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixAll, parses, rulesFound } from "../../../test/analysis/analyser.ts";
import { RULES } from "./index.ts";
import { rulePages } from "./pages.ts";

const example = (documentation: string, label: string) =>
  new RegExp(`${label}:\\n\`\`\`python\\n([\\s\\S]*?)\`\`\``).exec(documentation)?.[1] ?? "";

describe.each(RULES)("$name", (rule) => {
  const options = rule.optIn ? { severity: { [rule.name]: rule.defaultSeverity } } : {};

  it("says what it finds, why, with which fix, from which sources", () => {
    for (const heading of ["What it finds", "Why it is bad", "Examples", "Fix", "Sources"])
      expect(rule.documentation).toContain(`## ${heading}\n`);
    expect(rule.title).not.toMatch(/\.$/);
  });

  it("finds its wrong example, and nothing else there", () => {
    const wrong = example(rule.documentation, "Wrong");
    expect(parses(wrong)).toBe(true);
    const found = rulesFound(wrong, options).filter((name) => !rule.alongside?.includes(name));
    expect(found).toEqual([rule.name]);
  });

  it("finds nothing in its right example", () => {
    const right = example(rule.documentation, "Right");
    expect(parses(right)).toBe(true);
    expect(rulesFound(right, options)).toEqual([]);
  });

  it("fixes the wrong example into the right one, or says that there is no fix", () => {
    const expected = example(rule.documentation, rule.documentation.includes("## Fix\nNone") ? "Wrong" : "Right");
    expect(fixAll(example(rule.documentation, "Wrong"), "unsafe", options)).toBe(expected);
  });

  it("has a test file and is in the index", () => {
    expect(existsSync(join(import.meta.dirname, `${rule.name}.test.ts`))).toBe(true);
    expect(rulePages().get("README.md")).toContain(`(${rule.name}.md)`);
  });
});

it("has its pages written out (npm run docs)", () => {
  const folder = join(import.meta.dirname, "../../../docs/rules");
  for (const [name, text] of rulePages()) expect(readFileSync(join(folder, name), "utf8")).toBe(text);
});
