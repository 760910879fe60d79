import { describe, expect, it } from "vitest";
import { DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const project = new Project();
const LOOP = UNCLIPPED.slice(UNCLIPPED.indexOf("for x"));
const BASELINE = ["--baseline", "known.baseline"];
const write = (...args: string[]) => project.run(["lint", ...BASELINE, "--write-baseline", ...args]);
const found = (...args: string[]) => project.lint(...BASELINE, ...args);

describe("--baseline", () => {
  it("reports only what is new, wherever the old has moved to", async () => {
    await project.write({ "sub/a.py": UNCLIPPED, "b.py": DEPRECATED });
    expect(await write()).toEqual({ code: 0, out: "", err: "gradsight: known.baseline knows 2 findings now\n" });
    expect(JSON.parse(await project.read("known.baseline"))).toEqual({
      version: 1,
      findings: {
        "b.py": [{ rule: "deprecated-clip", line: expect.stringContaining("clip_grad_norm("), count: 1 }],
        "sub/a.py": [{ rule: "missing-clipping", line: "optimizer.step()", count: 1 }],
      },
    });
    const clean = await project.run(["lint", ...BASELINE]);
    const out = "No new problems in 2 files.\nLeft out 2 problems that the baseline knows.\n";
    expect(clean).toEqual({ code: 0, out, err: "" });

    await project.write({ "sub/a.py": `# moved\n\n${UNCLIPPED}` });
    expect(await found()).toEqual([]);
    await project.write({ "sub/a.py": `# moved\n\n${UNCLIPPED}${LOOP}`, "c.py": UNCLIPPED });
    expect(await found()).toEqual(["c.py:10:5 missing-clipping", "sub/a.py:17:5 missing-clipping"]);
    expect(await project.run(["lint", ...BASELINE])).toMatchObject({ code: 1 });
  });

  it("is relative to its own folder", async () => {
    await project.write({ "ci/.keep": "", "a.py": UNCLIPPED });
    await project.run(["lint", "--baseline", "ci/known.baseline", "--write-baseline"]);
    expect(Object.keys(JSON.parse(await project.read("ci/known.baseline")).findings)).toEqual(["../a.py"]);
    expect(await project.lint("--baseline", "ci/known.baseline")).toEqual([]);
  });

  it("tells what is gone, and --write-baseline takes it out, leaving what was not linted", async () => {
    await project.write({ "a.py": UNCLIPPED, "b.py": UNCLIPPED, "c.py": UNCLIPPED });
    await write();
    await project.write({ "a.py": "x = 1\n", "b.py": "x = 1\n" });
    const err = "gradsight: 2 of the findings that the baseline knows are gone; see --write-baseline\n";
    expect(await project.run(["lint", ...BASELINE])).toMatchObject({ code: 0, err });
    expect(await project.run(["lint", ...BASELINE, "--min-severity", "error"])).toMatchObject({ code: 0, err: "" });
    await write("a.py");
    expect(Object.keys(JSON.parse(await project.read("known.baseline")).findings)).toEqual(["b.py", "c.py"]);
    const one = "gradsight: 1 of the findings that the baseline knows is gone; see --write-baseline\n";
    expect(await project.run(["lint", ...BASELINE])).toMatchObject({ code: 0, err: one });
    await write();
    expect(Object.keys(JSON.parse(await project.read("known.baseline")).findings)).toEqual(["c.py"]);
  });

  it("keeps what it knows of a file that can't be read", async () => {
    await project.write({ "a.py": UNCLIPPED });
    await write();
    const before = await project.read("known.baseline");
    await project.write({ "a.py": Uint8Array.of(0xff) });
    expect(await write()).toMatchObject({ code: 2 });
    expect(await project.read("known.baseline")).toBe(before);
  });

  for (const [what, content, message] of [
    ["is not there", null, "no such file; --write-baseline creates it from what is found now"],
    ["is no JSON", "{", "is not valid JSON: "],
    ["is something else", '{"version": 1}', "is no baseline: findings: expected an object"],
    ["is from the future", '{"version": 2, "findings": {}}', "is of version 2, and only 1 can be read"],
  ] as const)
    it(`that ${what} is an error`, async () => {
      await project.write({ "a.py": UNCLIPPED, ...(content !== null && { "known.baseline": content }) });
      const { code, out, err } = await project.run(["lint", ...BASELINE]);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(`gradsight: --baseline known.baseline: ${message}`);
    });

  for (const args of [
    ["--write-baseline"],
    [...BASELINE, "--write-baseline", "-"],
    [...BASELINE, "--write-baseline", "--diff"],
  ])
    it(`refuses ${args.join(" ")}`, async () => {
      expect(await project.run(["lint", ...args])).toMatchObject({ code: 2, out: "" });
    });
});
