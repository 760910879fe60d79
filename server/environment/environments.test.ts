import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareReleases, isAtLeast, parseSpecifiers } from "../analysis/version-range.ts";
import { Environments } from "./environments.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradsight-environment-"));
  mkdirSync(join(folder, ".git"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
};
const version = (distribution: string, interpreter: string | null = null) =>
  new Environments(interpreter && join(folder, interpreter)).of(join(folder, "src/train.py")).get(distribution);
const exactly = (release: string) => ({ min: release, max: release });

describe("the version of a distribution", () => {
  it.each([
    [
      "requirements.txt",
      "# ours\ntorch\ndeepspeed[sparse]==0.19.2 ; python_version > '3.9'  # pinned\n",
      exactly("0.19.2"),
    ],
    ["requirements.txt", "DeepSpeed >= 0.19.3, < 1.0\n", { min: "0.19.3", max: "1.0" }],
    ["requirements-dev.txt", "deepspeed~=0.19\n", { min: "0.19", max: null }],
    ["pyproject.toml", '[project]\ndependencies = ["deepspeed>=0.18"]\n', { min: "0.18", max: null }],
    ["pyproject.toml", '[project.optional-dependencies]\ngpu = ["deepspeed==0.19.1"]\n', exactly("0.19.1")],
    ["pyproject.toml", '[tool.poetry.dependencies]\ndeepspeed = "^0.19.3"\n', { min: "0.19.3", max: null }],
    ["uv.lock", '[[package]]\nname = "deepspeed"\nversion = "0.19.4"\n', exactly("0.19.4")],
    ["poetry.lock", '[[package]]\nname = "deepspeed"\nversion = "0.19.4"\n', exactly("0.19.4")],
    ["Pipfile.lock", '{"default": {"deepspeed": {"version": "==0.19.0"}}}', exactly("0.19.0")],
  ])("is read from %s", (name, text, expected) => {
    write({ [name]: text });
    expect(version("deepspeed")).toEqual(expected);
  });

  it("is that of what is installed, before what is asked for", () => {
    write({ "requirements.txt": "deepspeed==0.1\n", ".venv/pyvenv.cfg": "" });
    write({ ".venv/lib/python3.12/site-packages/deepspeed-0.19.8.dist-info/METADATA": "" });
    expect(version("deepspeed")).toEqual(exactly("0.19.8"));
  });

  it("is that of the chosen interpreter, before anything else", () => {
    write({ "uv.lock": '[[package]]\nname = "deepspeed"\nversion = "0.1"\n' });
    write({ "env/Lib/site-packages/stable_baselines3-2.9.2.dist-info/METADATA": "" });
    expect(version("stable-baselines3", "env/Scripts/python.exe")).toEqual(exactly("2.9.2"));
  });

  it("stays in the project, and is unknown where nothing tells it or nothing can be read", () => {
    expect(version("deepspeed")).toBeUndefined();
    write({ "uv.lock": "[[package", "requirements.txt": "-r other.txt\n--index-url https://example.org\n" });
    expect(version("deepspeed")).toBeUndefined();
  });
});

it("compares releases by their numbers", () => {
  expect(compareReleases("0.19.10", "0.19.9")).toBeGreaterThan(0);
  expect(compareReleases("2.4", "2.4.0")).toBe(0);
  expect(compareReleases("1.0rc1", "1.0+cpu")).toBe(0);
  expect(parseSpecifiers("==2.4.*")).toEqual({ min: "2.4", max: null });
  expect(isAtLeast(exactly("0.19.2"), "0.19.3")).toBe(false);
  expect(isAtLeast(exactly("0.19.3"), "0.19.3")).toBe(true);
  expect(isAtLeast({ min: "0.19.4", max: null }, "0.19.3")).toBe(true);
  expect(isAtLeast({ min: "0.10", max: "0.19.3" }, "0.19.3")).toBe(false);
  expect(isAtLeast({ min: "0.10", max: null }, "0.19.3")).toBeNull();
});
