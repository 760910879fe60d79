import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { type JsonFinding, type JsonPlace, Project } from "./project.ts";

const project = new Project();

describe("--format json", () => {
  it("is Ruff's shape: one array, rows and columns from 1", async () => {
    await project.write({ "a.py": UNCLIPPED });
    const { out, err } = await project.run(["lint", "--format", "json", "a.py"]);
    expect(err).toBe("");
    const row = UNCLIPPED.split("\n").indexOf("    optimizer.step()") + 1;
    const [finding, ...others]: JsonFinding[] = JSON.parse(out);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      cell: null,
      code: "missing-clipping",
      severity: "warning",
      filename: project.path("a.py"),
      location: { row, column: 5 },
      end_location: { row, column: 21 },
      url: expect.stringMatching(/^https:\/\/.*missing-clipping/),
      fix: { applicability: "unsafe", message: expect.any(String) },
    });
    expect(finding!.name).not.toBe(finding!.message);
    for (const { row, column, message, filename } of finding!.related) {
      expect(row).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      expect(message).not.toBe("");
      expect(filename).toBe(project.path("a.py"));
    }
  });

  it("is an empty array when there is nothing", async () => {
    await project.write({ "a.py": CLIPPED });
    expect(await project.run(["lint", "--format", "json", "a.py"])).toEqual({ code: 0, out: "[]\n", err: "" });
  });

  it("counts columns in code points, and its edits can be applied by who does the same", async () => {
    const text = UNCLIPPED.replace("    optimizer.step()", '    name = "𝛁𝛁→é"; optimizer.step()');
    await project.write({ "a.py": text });
    const { out } = await project.run(["lint", "--format", "json", "a.py"]);
    const [finding]: JsonFinding[] = JSON.parse(out);
    const line = text.split("\n")[finding!.location.row - 1]!;
    const columns = [...line];
    expect(columns.slice(finding!.location.column - 1, finding!.end_location.column - 1).join("")).toBe(
      "optimizer.step()",
    );

    await project.write({ "b.py": DEPRECATED.replace("    nn.utils", '    name = "𝛁"; nn.utils') });
    const before = await project.read("b.py");
    const [deprecated]: JsonFinding[] = JSON.parse((await project.run(["lint", "--format", "json", "b.py"])).out);
    await project.run(["lint", "--fix", "b.py"]);
    expect(applied(before, deprecated!.fix!.edits)).toBe(await project.read("b.py"));
  });
});

function applied(text: string, edits: { content: string; location: JsonPlace; end_location: JsonPlace }[]): string {
  const characters = [...text];
  const lines = text.split("\n").map((line) => [...line].length + 1);
  const at = ({ row, column }: JsonPlace) =>
    lines.slice(0, row - 1).reduce((sum, length) => sum + length, 0) + column - 1;
  for (const { content, location, end_location } of edits.toReversed())
    characters.splice(at(location), at(end_location) - at(location), content);
  return characters.join("");
}

describe("--format text", () => {
  it("shows the place, the code around it, and what is related", async () => {
    await project.write({ "a.py": UNCLIPPED });
    const { out, err } = await project.run(["lint", "a.py"]);
    expect(err).toBe("");
    const [first, ...rest] = out.split("\n");
    expect(first).toMatch(/^a\.py:10:5: warning: .+ \[missing-clipping\]$/);
    expect(rest).toContain("10 |     optimizer.step()");
    expect(rest).toContain("   |     ^^^^^^^^^^^^^^^^");
    expect(out).toMatch(/ {2}fix \(unsafe\): .+/);
    expect(out).toMatch(/Found 1 problem \(1 warning\) in 1 of 1 file\./);
    expect(out).not.toContain("\u001b");
  });

  it("underlines behind tabs and wide characters, and lets no control character through", async () => {
    await project.write({
      "a.py": UNCLIPPED.replace("    optimizer.step()", '    x = "漢\u001b[31m\t"; optimizer.step()'),
    });
    const { out } = await project.run(["lint", "a.py"]);
    expect(out).not.toContain("\u001b");
    const lines = out.split("\n");
    const code = lines.find((line) => line.includes("optimizer.step()") && line.includes("漢"))!;
    const marks = lines[lines.indexOf(code) + 1]!;
    // The one wide character takes one place more than it has characters.
    expect(marks.indexOf("^")).toBe(code.indexOf("optimizer.step()") + 1);
  });

  it("has colours where they are asked for, and none where they are unwanted", async () => {
    await project.write({ "a.py": UNCLIPPED });
    const coloured = await project.run(["lint", "a.py"], { env: { FORCE_COLOR: "1" } });
    expect(coloured.out).toContain("\u001b[");
    const plain = await project.run(["lint", "a.py"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect(plain.out).not.toContain("\u001b");
  });
});

describe("--statistics", () => {
  it("counts by rule", async () => {
    await project.write({ "a.py": UNCLIPPED, "b.py": UNCLIPPED, "c.py": DEPRECATED });
    const { out, code } = await project.run(["lint", "--statistics"]);
    expect(code).toBe(1);
    expect(out.split("\n")[0]).toMatch(/^2 {2}missing-clipping {2}\w/);
    expect(out.split("\n")[1]).toMatch(/^1 {2}deprecated-clip {3}\w/);
    const json = JSON.parse((await project.run(["lint", "--statistics", "--format", "json"])).out);
    expect(json).toMatchObject([
      { code: "missing-clipping", count: 2, fixable: true },
      { code: "deprecated-clip", count: 1, fixable: true },
    ]);
  });
});

describe("--diff", () => {
  const both = `${DEPRECATED}${UNCLIPPED.slice(UNCLIPPED.indexOf("for x"))}`;
  const texts: Record<string, string> = {
    "a file": both,
    "CRLF line ends": both.replaceAll("\n", "\r\n"),
    "a file without a line end at its end": both.trimEnd(),
    "places far apart": `${DEPRECATED}${"x = 1\n".repeat(30)}${UNCLIPPED.slice(UNCLIPPED.indexOf("for x"))}`,
  };
  for (const [what, text] of Object.entries(texts))
    it(`writes nothing, and shows of ${what} what git can apply`, async () => {
      await project.write({ "sub/a.py": text });
      const { code, out } = await project.run(["lint", "--diff", "--unsafe-fixes", "sub"]);
      expect(code).toBe(1);
      expect((await project.run(["lint", "--fix", "--diff", "--unsafe-fixes", "sub"])).out).toBe(out);
      expect(await project.read("sub/a.py")).toBe(text);

      await project.run(["lint", "--fix", "--unsafe-fixes", "sub"]);
      const fixed = await project.read("sub/a.py");
      expect(fixed).not.toBe(text);
      await project.write({ "sub/a.py": text, "fix.diff": out });
      execFileSync("git", ["apply", "-p0", "--whitespace=nowarn", "fix.diff"], { cwd: project.folder });
      expect(await project.read("sub/a.py")).toBe(fixed);
    });

  it("shows only what is safe unless told otherwise, and exits with 0 when that is nothing", async () => {
    await project.write({ "a.py": UNCLIPPED });
    expect(await project.run(["lint", "--diff"])).toEqual({ code: 0, out: "", err: "" });
    await project.write({ "a.py": DEPRECATED });
    const { out } = await project.run(["lint", "--diff"]);
    expect(out.split("\n").filter((line) => /^[-+] /.test(line))).toEqual([
      "-    nn.utils.clip_grad_norm(model.parameters(), max_norm=1.0)",
      "+    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
    ]);
  });
});
