import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import * as web from "./posix-path.ts";

const PATHS = [
  "/",
  "/a",
  "/a/",
  "/a//b",
  "/a/b.py",
  "/a/.hidden",
  "/a/b.tar.gz",
  "/a/b.",
  "/vscode-vfs:github/owner/repo/train.py",
  "a",
  "a/b",
  "a/b/",
  "..",
  "../a",
  "",
];
const absolute = PATHS.filter(posix.isAbsolute);
const pairs = (paths: string[]) => paths.flatMap((a) => paths.map((b) => [a, b] as const));

describe("paths without Node are what Node says of them", () => {
  it.each(PATHS)("%j", (path) => {
    expect(web.dirname(path)).toBe(posix.dirname(path));
    expect(web.extname(path)).toBe(posix.extname(path));
    expect(web.isAbsolute(path)).toBe(posix.isAbsolute(path));
  });

  it("joined", () => {
    for (const [a, b] of pairs([...PATHS, "./x", "x/../y", "../../z"]))
      expect(web.join(a, b), `${a} and ${b}`).toBe(posix.join(a, b));
  });

  it("from one to another", () => {
    for (const [a, b] of pairs(absolute)) expect(web.relative(a, b), `${a} to ${b}`).toBe(posix.relative(a, b));
  });
});
