/** Held against git itself. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GitIgnore } from "./gitignore.ts";

const FOLDERS = ["src", "src/build", "a", "a/b", "a/b/c", "foo[1]", "x y"];
const FILES = [
  ...["train.py", "#odd.py", "!odd.py", "a.gen.py", "b.py ", "src/train.py", "src/build/x.py", "a/x.py", "a/b/x.py"],
  ...["a/b/c/x.py", "a/b/c/train.py", "foo[1]/x.py", "foo1.py", "x y/z.py", "fool.py", "a-z.py"],
];

const PATTERNS = [
  ...["train.py", "/train.py", "src/train.py", "*.py", "*.gen.py", "src", "src/", "/src/build", "build/", "train.py/"],
  ...["a/**", "a/**/x.py", "**/x.py", "**/b/x.py", "a/*/x.py", "a/*", "?.py", "a/?/x.py", "/*", "/*/x.py", "a/b/"],
  ...[
    "[a-s]*.py",
    "foo[!l].py",
    "foo[[]1]",
    "foo\\[1\\]",
    "\\#odd.py",
    "#odd.py",
    "\\!odd.py",
    "b.py\\ ",
    "train.py  ",
  ],
  ...[
    "x y",
    "*.py\n!train.py",
    "*.py\n!/train.py",
    "*\n!*/\n!train.py",
    "",
    "/",
    "[",
    "a**b",
    "**",
    "fo*.py",
    "a-z.py",
  ],
];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "gradsight-ignore-"));
  execFileSync("git", ["init", "-q", root]);
  for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true });
  for (const name of FILES) writeFileSync(join(root, name), "");
});
afterAll(() => rmSync(root, { recursive: true }));

for (const pattern of PATTERNS)
  it(`reads ${JSON.stringify(pattern)} as git does`, () => {
    writeFileSync(join(root, ".gitignore"), `${pattern}\n`);
    // Git names the first ignored folder or file on each path; what lies within is ignored with it.
    const expected = execFileSync(
      "git",
      ["-C", root, "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"],
      {
        encoding: "utf8",
      },
    );
    const kept = expected.split("\0").filter((name) => name !== "" && name !== ".gitignore");

    const ignore = GitIgnore.in(root, null)!;
    const own = FILES.filter((name) => {
      const parts = name.split("/");
      return parts.every((_, i) => !ignore.ignores(join(root, ...parts.slice(0, i + 1)), i < parts.length - 1));
    });
    expect(own.toSorted()).toEqual(kept.toSorted());
  });
