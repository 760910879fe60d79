/** All fixes of a script, applied at once: Python can parse it, nothing is left to fix, and nothing new is found. */
import { describe, expect, it } from "vitest";
import { analyser } from "../../test/analysis/analyser.ts";
import { fixed } from "../../test/analysis/fix-check.ts";
import { parsedByPython, python } from "../../test/analysis/respell.ts";
import { SCRIPTS, type Script } from "../../test/analysis/scripts.ts";

const variant = (what: string, change: (text: string) => string): Script[] =>
  SCRIPTS.map((script) => ({ ...script, name: `${script.name}, ${what}`, text: change(script.text) }));
const CRLF = variant("CRLF", (text) => text.replaceAll("\n", "\r\n"));
const TABS = variant("tabs", (text) => text.replaceAll("    ", "\t"));
const cases = [...SCRIPTS, ...CRLF, ...TABS].map(({ name, text, collected }) => {
  const once = fixed(analyser, text, "unsafe");
  // A mended order can show that the clip itself is missing: what other tests analyse may settle with the second pass.
  return { name, ...once, problems: collected ? fixed(analyser, once.text, "unsafe").problems : once.problems };
});

describe("fixes", () => {
  it.each(cases.filter(({ count }) => count > 0))("$name", ({ problems, text }) => {
    expect(problems, text).toEqual([]);
  });

  it.skipIf(!python)("leave what Python can parse", () => {
    const parsed = parsedByPython(cases.map(({ text }) => text));
    expect(cases.filter((_, index) => !parsed[index])).toEqual([]);
  });

  it("are there", () => expect(cases.filter(({ count }) => count > 0).length).toBeGreaterThan(90));
});
