/** What no file of the repository may hold. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
const isCheckout = (() => {
  try {
    return git("rev-parse", "--show-prefix").trim() === "";
  } catch {
    return false;
  }
})();

/** A release's archive has no history to ask. */
describe.skipIf(!isCheckout)("tracked files", () => {
  const names = isCheckout ? git("ls-files", "-z").split("\0").filter(Boolean) : [];
  const files = names.flatMap((name) => {
    const path = join(ROOT, name);
    // Deleted but not committed yet, or binary.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) return [];
    const bytes = readFileSync(path);
    return bytes.includes(0) ? [] : [{ name, text: bytes.toString("utf8") }];
  });
  const holding = (what: RegExp) => files.filter(({ text }) => what.test(text)).map(({ name }) => name);

  it("are there", () => expect(files.length).toBeGreaterThan(50));

  it("lie in folders that ARCHITECTURE.md tells of", () => {
    const folders = new Set(files.flatMap(({ name }) => /^([^./][^/]*)\//.exec(name)?.[1] ?? []));
    const told = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
    expect([...folders].filter((folder) => !told.includes(`\`${folder}/`))).toEqual([]);
  });

  it("name no package registry's host", () => {
    // In parts, so that not even this file has one.
    const hosts = [
      ["registry", "npmjs", "org"],
      ["registry", "yarnpkg", "com"],
      ["files", "pythonhosted", "org"],
      ["npm", "pkg", "github", "com"],
    ];
    expect(holding(new RegExp(hosts.map((parts) => parts.join("\\.")).join("|")))).toEqual([]);
  });

  it("name no path of the machine that they were written on", () => {
    const places = [ROOT.replace(/[/\\]$/, ""), homedir()].filter((place) => place.length > 5);
    expect(files.filter(({ text }) => places.some((place) => text.includes(place))).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it("end with a line end", () => {
    const text = files.filter(({ name }) => /\.(ts|mjs|json|md|py|css|yml)$/.test(name));
    expect(text.filter(({ text }) => text !== "" && !text.endsWith("\n")).map(({ name }) => name)).toEqual([]);
  });
});

describe("the lockfile", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const packages = Object.entries<Record<string, unknown>>(lock.packages).filter(([path]) => path !== "");

  it("says from nowhere to fetch, so that each machine's own registry is asked", () => {
    expect(packages.length).toBeGreaterThan(10);
    expect(packages.filter(([, entry]) => "resolved" in entry).map(([path]) => path)).toEqual([]);
  });

  it("has the digest of every package", () => {
    const bare = packages.filter(([, entry]) => entry.link !== true && entry.inBundle !== true && !entry.integrity);
    expect(bare.map(([path]) => path)).toEqual([]);
  });
});
