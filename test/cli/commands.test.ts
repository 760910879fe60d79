import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Project } from "./project.ts";

const project = new Project();
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

describe("gradsight", () => {
  it("says its version", async () => {
    for (const option of ["--version", "-V"])
      expect(await project.run([option])).toEqual({ code: 0, out: `gradsight ${version}\n`, err: "" });
  });

  it("helps, in general and by command", async () => {
    for (const args of [["--help"], ["-h"], ["help"]]) {
      const { code, out, err } = await project.run(args);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(/lint .*\n.*explain .*\n.*rules /);
    }
    for (const command of ["lint", "explain", "rules"])
      for (const args of [
        [command, "--help"],
        ["help", command],
      ])
        expect(await project.run(args)).toMatchObject({
          code: 0,
          out: expect.stringContaining(`gradsight ${command}`),
        });
  });

  it("names every option of lint in its help", async () => {
    const { out } = await project.run(["lint", "--help"]);
    const source = readFileSync(new URL("../../server/cli/lint-options.ts", import.meta.url), "utf8");
    const options = [...source.matchAll(/^ {4}"?([a-z-]+)"?: \{ type: /gm)].map(([, name]) => name);
    expect(options.length).toBeGreaterThan(8);
    for (const option of options) expect(out).toContain(`--${option} `);
  });

  for (const args of [[], ["lnit"], ["toString"], ["explain"], ["explain", "no-such-rule"], ["rules", "x"]])
    it(`exits with 2 for: gradsight ${args.join(" ")}`, async () => {
      const { code, out, err } = await project.run(args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).not.toMatch(/^ {4}at /m);
      expect(err.trim()).not.toBe("");
    });

  it("lists the rules, and explains each", async () => {
    const { out } = await project.run(["rules", "--format", "json"]);
    const rules: { code: string; name: string; url: string }[] = JSON.parse(out);
    expect(rules.map(({ code }) => code)).toEqual(expect.arrayContaining(["missing-clipping", "deprecated-clip"]));
    const text = (await project.run(["rules"])).out.trim().split("\n");
    expect(text).toHaveLength(rules.length);
    for (const { code, name, url } of rules) {
      const explained = await project.run(["explain", code]);
      expect(explained.code).toBe(0);
      for (const part of [code, name, url]) expect(explained.out).toContain(part);
    }
  });

  it("guesses what a misspelt rule was meant to be", async () => {
    const { err } = await project.run(["explain", "mising-clipping"]);
    expect(err).toContain("did you mean missing-clipping");
  });
});
