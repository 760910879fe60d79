/** All fixes of a script, applied at once: Python can parse it, nothing is left to fix, and nothing new is found. */
import { describe, expect, it } from "vitest";
import { analyser } from "../../test/analysis/analyser.ts";
import { fixed } from "../../test/analysis/fix-check.ts";
import { parsedByPython, python } from "../../test/analysis/respell.ts";
import { SCRIPTS } from "../../test/analysis/scripts.ts";

const CRLF = SCRIPTS.map(({ name, text }) => ({ name: `${name}, CRLF`, text: text.replaceAll("\n", "\r\n") }));
const TABS = SCRIPTS.map(({ name, text }) => ({ name: `${name}, tabs`, text: text.replaceAll("    ", "\t") }));
const cases = [...SCRIPTS, ...CRLF, ...TABS].map(({ name, text }) => ({ name, ...fixed(analyser, text, "unsafe") }));

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
