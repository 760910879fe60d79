import { describe, expect, it } from "vitest";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const project = new Project();
const table = (text: string) => `[tool.gradsight]\n${text}\n`;
const OFF = table('ignore = ["missing-clipping"]');
const codes = async (...args: string[]) => (await project.lint(...args)).map((line) => line.replace(/:\d+:\d+/, ""));

describe("pyproject.toml", () => {
  it("is the nearest with our table, upwards of each file", async () => {
    await project.write({
      "pyproject.toml": OFF,
      "a.py": UNCLIPPED,
      "sub/pyproject.toml": "[tool.ruff]\n",
      "sub/b.py": UNCLIPPED,
      "own/pyproject.toml": table('severity = { missing-clipping = "hint" }'),
      "own/deep/c.py": UNCLIPPED,
    });
    expect(await codes()).toEqual(["own/deep/c.py missing-clipping"]);
    expect(await codes("sub/b.py", "own/deep/c.py")).toEqual(["own/deep/c.py missing-clipping"]);
    expect((await project.run(["lint"])).out).toContain("hint: ");
    const stdin = ["lint", "-", "--stdin-filename"];
    expect(await project.run([...stdin, "sub/x.py"], { input: UNCLIPPED })).toMatchObject({ code: 0 });
    expect((await project.run([...stdin, "own/x.py"], { input: UNCLIPPED })).out).toContain("hint: ");
  });

  it("excludes files and folders, and rules in some of the rest", async () => {
    await project.write({
      "pyproject.toml": table(
        'exclude = ["/old", "!build"]\nper-file-ignores = { "test_*.py" = ["missing-clipping"] }',
      ),
      "old/a.py": UNCLIPPED,
      "new/old/a.py": UNCLIPPED,
      "build/a.py": UNCLIPPED,
      "dist/a.py": UNCLIPPED,
      "test_a.py": UNCLIPPED,
      "test_b.py": DEPRECATED,
    });
    const found = ["build/a.py missing-clipping", "new/old/a.py missing-clipping", "test_b.py deprecated-clip"];
    expect(await codes()).toEqual(found);
    expect(await codes("old/a.py", "dist")).toEqual(["dist/a.py missing-clipping", "old/a.py missing-clipping"]);
    expect(await codes("--force-exclude", "old/a.py", "dist", "old")).toEqual([]);
    expect(
      await project.run(["lint", "--force-exclude", "-", "--stdin-filename", "old/a.py"], { input: UNCLIPPED }),
    ).toMatchObject({ code: 0 });
  });

  it("yields to the command line", async () => {
    await project.write({ "pyproject.toml": OFF, "a.py": UNCLIPPED, "b.py": DEPRECATED });
    expect(await codes()).toEqual(["b.py deprecated-clip"]);
    expect(await codes("--ignore", "deprecated-clip")).toEqual([]);
    expect(await codes("--select", "missing-clipping")).toEqual(["a.py missing-clipping"]);
    expect(await codes("--isolated")).toEqual(["a.py missing-clipping", "b.py deprecated-clip"]);
    await project.write({
      "ci/gradsight.toml": '[tool.gradsight]\nper-file-ignores = { "/b.py" = ["deprecated-clip"] }\n',
    });
    expect(await codes("--config", "ci/gradsight.toml")).toEqual(["a.py missing-clipping"]);
  });

  it("with a mistake is an error that says where, and nothing is linted", async () => {
    await project.write({
      "sub/pyproject.toml": table('\nignore = ["mising-clipping"]'),
      "a.py": UNCLIPPED,
      "sub/b.py": CLIPPED,
    });
    const { code, out, err } = await project.run(["lint", "--fix", "--unsafe-fixes"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(
      `gradsight: ${project.path("sub/pyproject.toml")}:3: ignore: there is no rule "mising-clipping"; did you mean missing-clipping?\n`,
    );
    expect(await project.read("a.py")).toBe(UNCLIPPED);
    expect(await project.run(["lint", "a.py"])).toMatchObject({ code: 1 });
  });

  for (const [file, problem] of [
    ["none.toml", "no such file or folder"],
    ["other.toml", "has no [tool.gradsight] table"],
  ] as const)
    it(`named by --config ${file}: ${problem}`, async () => {
      await project.write({ "other.toml": "[tool.ruff]\n", "a.py": UNCLIPPED });
      const err = `gradsight: --config ${file}: ${problem}\n`;
      expect(await project.run(["lint", "--config", file])).toEqual({ code: 2, out: "", err });
    });
});
