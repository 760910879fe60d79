/** What package managers and pre-commit are promised. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFileSync(`${ROOT}${name}`, "utf8");
const project = new Project();

it("installs a program that says what runs it", () => {
  const { bin, name } = JSON.parse(read("package.json"));
  expect(bin).toEqual({ [name]: "dist/cli.mjs" });
  expect(read(bin[name])).toMatch(/^#!\/usr\/bin\/env node\n/);
});

it("has a hook that lints what pre-commit names, but for what is excluded", async () => {
  const [hook, ...others] = parse(read(".pre-commit-hooks.yaml"));
  expect(others).toEqual([]);
  expect(hook).toMatchObject({ id: "gradsight", language: "node", types_or: ["python", "jupyter"] });
  const [program, ...args] = hook.entry.split(" ");
  expect(program).toBe("gradsight");
  await project.write({
    "pyproject.toml": '[tool.gradsight]\nexclude = ["old"]\n',
    "a.py": UNCLIPPED,
    "old/b.py": UNCLIPPED,
  });
  const { code, out } = await project.run([...args, ...hook.args, "a.py", "old/b.py"]);
  expect(code).toBe(1);
  expect(out).toContain("in 1 of 1 file.");
});

it("has a configuration in its documentation that it accepts", async () => {
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(read("docs/configuration.md"))!;
  await project.write({ "pyproject.toml": toml!, "a.py": UNCLIPPED, "legacy/b.py": UNCLIPPED });
  const { out, err } = await project.run(["lint"]);
  expect(err).toBe("");
  expect(out).toContain("a.py:10:5: error: ");
  expect(out).toContain("in 1 of 1 file.");
});

it("names in its documentation no option and no format that it has not", async () => {
  const { out } = await project.run(["lint", "--help"]);
  const text = `${read("docs/ci.md")}${read("docs/configuration.md")}`;
  const options = new Set([...text.matchAll(/(?<![\w-])--(?!global\b)[a-z][a-z-]+/g)].map(([option]) => option));
  expect(options.size).toBeGreaterThan(8);
  for (const option of options) expect(`${out} --help `).toContain(`${option} `);
  for (const [, format] of text.matchAll(/--format (\w+)/g)) expect(out).toContain(format);
});
