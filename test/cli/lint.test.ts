import { symlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const project = new Project();
const STEP_ROW = UNCLIPPED.split("\n").indexOf("    optimizer.step()") + 1;
const MISSING = `${STEP_ROW}:5 missing-clipping`;

describe("exit code", () => {
  const cases: [string, string[], number][] = [
    ["0 for a clean file", ["clean.py"], 0],
    ["1 for a warning", ["wrong.py"], 1],
    ["1 for a folder with a warning", ["."], 1],
    ["1 for the current folder, which is what no path means", [], 1],
    ["0 with --exit-zero", ["--exit-zero", "wrong.py"], 0],
    ["0 when nothing is above --min-severity", ["--min-severity", "error", "wrong.py"], 0],
    ["0 when the rule is ignored", ["--ignore", "missing-clipping", "wrong.py"], 0],
    ["1 when the rule is selected", ["--select", "missing-clipping,clip-after-step", "wrong.py"], 1],
    ["0 when another rule is selected", ["--select", "clip-after-step", "wrong.py"], 0],
    ["0 where a rule is off by default", ["--min-severity", "information", "clean.py"], 0],
    [
      "1 when such a rule is selected",
      ["--min-severity", "information", "--select", "unchecked-nonfinite", "clean.py"],
      1,
    ],
    ["0 when there is nothing to lint", ["empty"], 0],
    ["2 for a path that is not there", ["none.py"], 2],
    ["2 for an unknown option", ["--colour"], 2],
    ["2 for an unknown rule", ["--select", "no-such-rule"], 2],
    ["2 for an unknown format", ["--format", "xml"], 2],
    ["2 for an unknown severity", ["--min-severity", "fatal"], 2],
    ["2 for --stdin-filename without -", ["--stdin-filename", "a.py"], 2],
  ];
  for (const [what, args, code] of cases)
    it(`is ${what}`, async () => {
      await project.write({ "clean.py": CLIPPED, "wrong.py": UNCLIPPED, "empty/readme.txt": "" });
      const outcome = await project.run(["lint", ...args]);
      expect(outcome).toMatchObject({ code });
      if (code === 2) expect(outcome.err).toMatch(/^gradsight: /);
      expect(outcome.err).not.toMatch(/^ {4}at /m);
    });

  it("counts information only when asked to", async () => {
    // Nothing in the file says that clipping matters much here.
    await project.write({ "a.py": UNCLIPPED.replace("nn.LSTM(4, 4)", "nn.Linear(4, 4)").replace(")[0] -", ") -") });
    const shown = await project.run(["lint", "a.py"]);
    expect(shown.out).toContain("information: ");
    expect(shown.code).toBe(0);
    expect((await project.run(["lint", "--min-severity", "information", "a.py"])).code).toBe(1);
    expect((await project.run(["lint", "--min-severity", "warning", "a.py"])).out).not.toContain("information: ");
  });
});

describe("paths", () => {
  it("are searched, leaving out what is nobody's training code and what git ignores", async () => {
    await project.write({
      ".git/HEAD": "",
      ".gitignore": "/ignored/\n*.gen.py\n!kept.gen.py\n",
      "a.py": UNCLIPPED,
      "sub/b.py": UNCLIPPED,
      "sub/.gitignore": "c.py\n",
      "sub/c.py": UNCLIPPED,
      "sub/c/c.txt": "",
      "x.gen.py": UNCLIPPED,
      "kept.gen.py": UNCLIPPED,
      "ignored/d.py": UNCLIPPED,
      "sub/ignored/e.py": UNCLIPPED,
      "notes.txt": UNCLIPPED,
      ".venv/f.py": UNCLIPPED,
      "env/pyvenv.cfg": "",
      "env/lib/g.py": UNCLIPPED,
      "node_modules/h.py": UNCLIPPED,
      "__pycache__/i.py": UNCLIPPED,
    });
    const found = ["a.py", "kept.gen.py", "sub/b.py", "sub/ignored/e.py"].map((name) => `${name}:${MISSING}`);
    expect(await project.lint()).toEqual(found);
    expect(await project.lint("sub")).toEqual(found.slice(2));
  });

  it("that are named are linted, whatever excludes them, and once", async () => {
    await project.write({ ".git/HEAD": "", ".gitignore": "*.py\nout/", "a.py": UNCLIPPED, "out/b.py": UNCLIPPED });
    expect(await project.lint("a.py", "./a.py")).toEqual([`a.py:${MISSING}`]);
  });

  it.skipIf(process.platform === "win32")("are not followed in circles", async () => {
    await project.write({ "sub/a.py": UNCLIPPED });
    await symlink("..", project.path("sub/up"));
    await symlink("a.py", project.path("sub/link.py"));
    expect(await project.lint()).toEqual([`sub/a.py:${MISSING}`, `sub/link.py:${MISSING}`]);
  });

  it("can be standard input", async () => {
    const { code, out } = await project.run(["lint", "--format", "json", "-"], { input: UNCLIPPED });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([{ filename: "-", code: "missing-clipping" }]);
    const named = await project.run(["lint", "-", "--stdin-filename", "src/train.py"], { input: UNCLIPPED });
    expect(named.out).toMatch(/^src.train\.py:\d+:5: /);
  });
});

describe("what can't be read", () => {
  it("is one message each; the rest is linted, and the exit code 2", async () => {
    await project.write({
      "a.py": UNCLIPPED,
      "binary.py": Uint8Array.from([0, 1, 2, 255]),
      "latin.py": Buffer.from("x = '\xe9'\n", "latin1"),
      "notes.ipynb": "{}",
    });
    const { code, out, err } = await project.run(["lint", "a.py", "binary.py", "latin.py", "none.py", "notes.ipynb"]);
    expect(code).toBe(2);
    expect(err.trim().split("\n").sort()).toEqual([
      "gradsight: binary.py: holds NUL bytes: not Python source",
      "gradsight: latin.py: is not valid UTF-8",
      "gradsight: none.py: no such file or folder",
      'gradsight: notes.ipynb: is no Jupyter notebook: it has no "cells"',
    ]);
    expect(out).toContain("a.py:");
  });

  for (const [what, text] of Object.entries({
    "an empty file": "",
    "a file that doesn't parse": "def f(:\n  )\n",
    "Python 2": 'print "x"\n',
    "50,000 lines": "x = 1\n".repeat(50_000),
  }))
    it(`is not ${what}`, async () => {
      await project.write({ "a.py": text });
      expect(await project.run(["lint", "a.py"])).toMatchObject({ code: 0, err: "" });
    });
});

describe("--fix", () => {
  it("applies what is safe, and leaves the rest to --unsafe-fixes", async () => {
    const both = `${DEPRECATED}${UNCLIPPED.slice(UNCLIPPED.indexOf("for x"))}`;
    await project.write({ "a.py": both });
    const safe = await project.run(["lint", "--fix", "a.py"]);
    expect(await project.read("a.py")).toBe(both.replace("clip_grad_norm(", "clip_grad_norm_("));
    expect(safe.code).toBe(1);
    expect(safe.out).toContain("Fixed 1 problem.");
    expect(safe.out).toContain("1 can be fixed with --fix --unsafe-fixes");

    const unsafe = await project.run(["lint", "--fix", "--unsafe-fixes", "a.py"]);
    expect(unsafe).toMatchObject({ code: 0, out: "Fixed 1 problem.\nNo problems left in 1 file.\n" });
    expect((await project.read("a.py")).match(/clip_grad_norm_\(/g)).toHaveLength(2);
    expect(await project.run(["lint", "a.py"])).toMatchObject({ code: 0 });
    expect(await project.names()).toEqual(["a.py"]);
  });

  for (const [what, change] of Object.entries({
    "a byte order mark": (text: string) => `\u{feff}${text}`,
    "CRLF line ends": (text: string) => text.replaceAll("\n", "\r\n"),
    "mixed line ends": (text: string) => text.replace("\n", "\r\n"),
    "no line end at the end": (text: string) => text.trimEnd(),
    "a form feed and tabs": (text: string) => text.replaceAll("    ", "\t").replace("\n\n", "\n\f\n"),
  }))
    it(`keeps ${what}, byte for byte`, async () => {
      await project.write({ "a.py": change(DEPRECATED), "clean.py": change(CLIPPED) });
      expect(await project.run(["lint", "--fix", "."])).toMatchObject({ code: 0 });
      expect(await project.read("a.py")).toBe(change(CLIPPED));
      expect(await project.read("clean.py")).toBe(change(CLIPPED));
    });

  it("is a filter on standard input", async () => {
    expect(await project.run(["lint", "--fix", "-"], { input: DEPRECATED })).toEqual({
      code: 0,
      out: CLIPPED,
      err: "Fixed 1 problem.\nNo problems left in 1 file.\n",
    });
  });
});

describe("--output-file", () => {
  it("takes the report, without colours", async () => {
    await project.write({ "a.py": UNCLIPPED });
    const { out, code } = await project.run(["lint", "--output-file", "report.txt", "a.py"], {
      env: { FORCE_COLOR: "1" },
    });
    expect({ out, code }).toEqual({ out: "", code: 1 });
    expect(await project.read("report.txt")).toMatch(/^a\.py:\d+:5: warning: /);
  });

  it.skipIf(process.platform === "win32")("may be a device", async () => {
    await project.write({ "a.py": UNCLIPPED });
    expect(await project.run(["lint", "--output-file", "/dev/null", "a.py"])).toMatchObject({ code: 1, err: "" });
  });

  it("that can't be written is an error", async () => {
    await project.write({ "a.py": UNCLIPPED });
    const { code, err } = await project.run(["lint", "--output-file", "no/such/report.txt", "a.py"]);
    expect({ code, err }).toEqual({
      code: 2,
      err: "gradsight: --output-file no/such/report.txt: no such file or folder\n",
    });
  });
});
