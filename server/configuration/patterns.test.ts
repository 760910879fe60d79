/** What git's own patterns mean is held against git in server/cli/gitignore.test.ts. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { exclusionOf } from "./exclusion.ts";
import { Patterns } from "./patterns.ts";

const ROOT = join("/", "project");
const at = (...parts: string[]) => join(ROOT, ...parts);

it("says nothing of the folder itself, nor of what lies outside", () => {
  const patterns = new Patterns(ROOT, ["*"]);
  expect(patterns.matches(ROOT, true)).toBeNull();
  expect(patterns.matches(join("/", "other", "a.py"), false)).toBeNull();
  expect(patterns.matches(join("/", "projects", "a.py"), false)).toBeNull();
  expect(patterns.matches(at("..a.py"), false)).toBe(true);
});

it("excludes what is never anybody's own, what is named, and gives back what is taken back", () => {
  const configuration = { ...{ file: "", folder: ROOT, select: null, ignore: [], severity: {}, perFileIgnores: [] } };
  const exclusion = exclusionOf({ ...configuration, exclude: ["/vendored", "!build"] }, at("elsewhere"));
  expect(exclusion.matches(at("src", ".venv"), true)).toBe(true);
  expect(exclusion.matches(at("src", ".venv", "a.py"), false)).toBe(true);
  expect(exclusion.matches(at("vendored", "a.py"), false)).toBe(true);
  expect(exclusion.matches(at("src", "vendored", "a.py"), false)).toBeNull();
  expect(exclusion.matches(at("build"), true)).toBe(false);
  // A file may well be named as a folder that is excluded.
  expect(exclusion.matches(at("venv"), false)).toBeNull();
});
