/** Whole scripts: each line that a rule must report says so (`# <- missing-clipping`), and nothing else is reported. */
import { expect, it } from "vitest";
import { parses, places } from "../../test/analysis/analyser.ts";
import { WHOLE } from "../../test/analysis/scripts.ts";

const MARK = /# <- ([\w-]+)$/;

it.each(WHOLE.map(({ name, text }) => [name, text] as const))("%s", (_, text) => {
  const marked = text.split("\n").flatMap((line, index) => {
    const rule = MARK.exec(line)?.[1];
    return rule ? [`${index + 1}:${rule}`] : [];
  });
  expect(parses(text)).toBe(true);
  expect(places(text)).toEqual(marked);
});
