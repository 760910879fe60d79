import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const project = new Project();

interface Region {
  startLine: number;
  startColumn: number;
  endLine: number;
  endColumn: number;
}
interface Location {
  id?: number;
  message?: { text: string };
  physicalLocation: { artifactLocation: { uri: string; uriBaseId?: string }; region: Region };
}
interface Result {
  ruleId: string;
  ruleIndex: number;
  level: string;
  message: { text: string };
  locations: Location[];
  relatedLocations?: Location[];
  partialFingerprints: Record<string, string>;
  fixes?: {
    description: { text: string };
    artifactChanges: { replacements: { deletedRegion: Region; insertedContent: { text: string } }[] }[];
  }[];
}

async function sarif(...args: string[]) {
  const { out } = await project.run(["lint", "--format", "sarif", ...args]);
  const log = JSON.parse(out);
  const [run, ...others] = log.runs;
  expect(others).toEqual([]);
  return { log, run, results: run.results as Result[] };
}

it("is a run with its rules, its results and how it went", async () => {
  await project.write({ "sub/a b.py": UNCLIPPED, "b.py": DEPRECATED, "c.py": Uint8Array.of(0xff) });
  const { log, run, results } = await sarif();
  expect(log).toMatchObject({ version: "2.1.0", $schema: expect.stringMatching(/sarif-schema-2\.1\.0\.json$/) });
  const rules: { code: string; name: string }[] = JSON.parse((await project.run(["rules", "--format", "json"])).out);
  const described = run.tool.driver.rules;
  expect(described.map(({ id }: { id: string }) => id)).toEqual(rules.map(({ code }) => code));
  for (const rule of described) {
    expect(rule.helpUri).toMatch(/^https:\/\//);
    expect(rule.help.markdown).toContain("## What it finds");
    expect(["error", "warning", "note"]).toContain(rule.defaultConfiguration.level);
    expect(rule.name).toMatch(/^([A-Z][a-z]*)+$/);
  }
  expect(run.columnKind).toBe("unicodeCodePoints");
  expect(run.invocations).toMatchObject([
    {
      executionSuccessful: false,
      toolExecutionNotifications: [{ level: "error", message: { text: "is not valid UTF-8" } }],
    },
  ]);
  for (const { ruleId, ruleIndex } of results) expect(described[ruleIndex].id).toBe(ruleId);
  expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
    ["deprecated-clip", "note"],
    ["missing-clipping", "warning"],
  ]);
  const [, missing] = results;
  const row = UNCLIPPED.split("\n").indexOf("    optimizer.step()") + 1;
  expect(missing!.locations).toEqual([
    {
      physicalLocation: {
        artifactLocation: { uri: "sub/a%20b.py", uriBaseId: "%SRCROOT%" },
        region: { startLine: row, startColumn: 5, endLine: row, endColumn: 21 },
      },
    },
  ]);
  const { uri } = missing!.locations[0]!.physicalLocation.artifactLocation;
  const root = run.originalUriBaseIds["%SRCROOT%"].uri;
  expect(readFileSync(new URL(uri, root), "utf8")).toBe(UNCLIPPED);
  expect(missing!.relatedLocations!.length).toBeGreaterThan(0);
  expect(missing!.relatedLocations!.map(({ id }) => id)).toEqual(missing!.relatedLocations!.map((_, index) => index));
  for (const { message } of missing!.relatedLocations!) expect(message!.text).not.toBe("");
});

it("has fixes that a reader can apply, columns counted in code points", async () => {
  await project.write({ "a.py": DEPRECATED.replace("    nn.utils", '    name = "𝛁"; nn.utils') });
  const before = await project.read("a.py");
  const { results } = await sarif("a.py");
  const { deletedRegion, insertedContent } = results[0]!.fixes![0]!.artifactChanges[0]!.replacements[0]!;
  await project.run(["lint", "--fix", "a.py"]);
  expect(replaced(before, deletedRegion, insertedContent.text)).toBe(await project.read("a.py"));
});

function replaced(text: string, region: Region, newText: string): string {
  const lines = text.split(/(?<=\n)/).map((line) => [...line]);
  const offset = (line: number, column: number) => lines.slice(0, line - 1).flat().length + column - 1;
  const characters = lines.flat();
  const start = offset(region.startLine, region.startColumn);
  characters.splice(start, offset(region.endLine, region.endColumn) - start, newText);
  return characters.join("");
}

it("recognises a result again when its line has moved, and not when it is another", async () => {
  const fingerprints = async (text: string) => {
    await project.write({ "a.py": text });
    return (await sarif("a.py")).results.map(({ partialFingerprints }) => Object.values(partialFingerprints)[0]);
  };
  const loop = UNCLIPPED.slice(UNCLIPPED.indexOf("for x"));
  const twice = await fingerprints(`${UNCLIPPED}${loop}`);
  expect(new Set(twice).size).toBe(2);
  expect(await fingerprints(`# moved\n\n${UNCLIPPED}${loop}`)).toEqual(twice);
  expect(await fingerprints(UNCLIPPED)).toEqual([twice[0]]);
  expect(await fingerprints(UNCLIPPED.replaceAll("optimizer", "solver"))).not.toEqual([twice[0]]);
});

describe("against the schema", () => {
  const schema = load("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
  const Ajv = load("ajv") as (new (options: object) => Validator) | null;
  interface Validator {
    addMetaSchema(schema: object): void;
    compile(schema: object): ((value: unknown) => boolean) & { errors: unknown };
  }

  it.skipIf(!schema || !Ajv)("is valid", async () => {
    const ajv = new Ajv!({ schemaId: "id", unknownFormats: "ignore", meta: false });
    ajv.addMetaSchema(load("ajv/lib/refs/json-schema-draft-04.json") as object);
    const validate = ajv.compile(schema as object);
    for (const text of [CLIPPED, UNCLIPPED, `${DEPRECATED}${UNCLIPPED}`]) {
      await project.write({ "a.py": text, "b.py": Uint8Array.of(0xff) });
      const { log } = await sarif();
      expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({ ...log, version: "2.0" })).toBe(false);
    }
  });
});

function load(name: string): unknown {
  try {
    return createRequire(import.meta.url)(name);
  } catch {
    return null;
  }
}
