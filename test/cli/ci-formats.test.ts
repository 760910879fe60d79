import { describe, expect, it } from "vitest";
import { DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const project = new Project();
const row = UNCLIPPED.split("\n").indexOf("    optimizer.step()") + 1;

describe("--format github", () => {
  const annotations = async (...args: string[]) => {
    const { out } = await project.run(["lint", "--format", "github", ...args]);
    return out.split("\n").flatMap((line) => {
      const [, command, properties, message] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? [];
      if (!command) return [];
      return [{ command, message, ...Object.fromEntries(properties!.split(",").map((part) => part.split("="))) }];
    });
  };

  it("is a workflow command for each finding", async () => {
    await project.write({ "a.py": UNCLIPPED, "b.py": DEPRECATED });
    expect(await annotations()).toEqual([
      {
        command: "warning",
        title: "Gradsight (missing-clipping)",
        file: project.path("a.py"),
        line: String(row),
        endLine: String(row),
        col: "5",
        endColumn: "21",
        message: expect.stringMatching(new RegExp(`^a\\.py:${row}:5: .+ \\[missing-clipping\\]$`)),
      },
      expect.objectContaining({ command: "notice", file: project.path("b.py") }),
    ]);
  });

  it.skipIf(process.platform === "win32")("lets no file name end a property, a command or a line", async () => {
    await project.write({ "a,line=1:b%\n::error::c.py": UNCLIPPED });
    const [annotation, ...others] = await annotations();
    expect(others).toEqual([]);
    expect(annotation).toMatchObject({
      file: project.path("a%2Cline=1%3Ab%25%0A%3A%3Aerror%3A%3Ac.py").replace(/=.*/, ""),
      line: String(row),
      message: expect.stringMatching(/^a,line=1:b%25%0A::error::c\.py:/),
    });
  });

  it("names no columns for what goes over several lines", async () => {
    await project.write({ "a.py": UNCLIPPED.replace("optimizer.step()", "optimizer.step(\n    )") });
    const [annotation] = await annotations();
    expect(annotation).toMatchObject({ line: String(row), endLine: String(row + 1) });
    expect(annotation).not.toHaveProperty("col");
  });
});

describe("--format gitlab", () => {
  const report = async (env: Record<string, string> = {}) =>
    JSON.parse((await project.run(["lint", "--format", "gitlab"], { env })).out);

  it("is a Code Quality report, its paths from the root of the project", async () => {
    await project.write({ "sub/a.py": UNCLIPPED, "sub/b.py": DEPRECATED });
    const [missing, deprecated] = await report();
    expect(missing).toEqual({
      check_name: "missing-clipping",
      description: expect.any(String),
      fingerprint: expect.stringMatching(/^[0-9a-f]{40}$/),
      location: { path: "sub/a.py", positions: { begin: { line: row, column: 5 }, end: { line: row, column: 21 } } },
      severity: "major",
    });
    expect(deprecated).toMatchObject({ severity: "minor", location: { path: "sub/b.py" } });
    const [fromProject] = await report({ CI_PROJECT_DIR: project.path("sub") });
    expect(fromProject.location.path).toBe("a.py");
  });

  it("has fingerprints that differ, and stay when lines move", async () => {
    const twice = `${UNCLIPPED}${UNCLIPPED.slice(UNCLIPPED.indexOf("for x"))}`;
    await project.write({ "a.py": twice, "b.py": twice });
    const fingerprints = async () => (await report()).map(({ fingerprint }: { fingerprint: string }) => fingerprint);
    const before = await fingerprints();
    expect(new Set(before).size).toBe(4);
    await project.write({ "a.py": `\n# moved\n${twice}` });
    expect(await fingerprints()).toEqual(before);
  });
});

it("reports of nothing are empty", async () => {
  await project.write({ "a.py": "x = 1\n" });
  expect(await project.run(["lint", "--format", "github"])).toEqual({ code: 0, out: "", err: "" });
  expect(await project.run(["lint", "--format", "gitlab"])).toEqual({ code: 0, out: "[]\n", err: "" });
});

for (const args of [
  ["--statistics", "--format", "sarif"],
  ["--diff", "--format", "github"],
])
  it(`refuses ${args.join(" ")}`, async () => {
    expect(await project.run(["lint", ...args])).toMatchObject({ code: 2, out: "" });
  });
