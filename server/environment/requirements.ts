/** The versions that a project's own files ask for. Each reader gives distribution names, normalised, with their ranges. */
import { parse } from "smol-toml";
import { exactly, parseSpecifiers, type VersionRange } from "../analysis/version-range.ts";

export type Versions = ReadonlyMap<string, VersionRange>;

/** As PyPI compares names: `Stable_Baselines3` is `stable-baselines3`. */
export const normalise = (name: string) => name.toLowerCase().replace(/[-_.]+/g, "-");

/** `requirements.txt`, also as pip's and uv's compilers write it. */
export function fromRequirements(text: string): Versions {
  return new Map(text.split(/\r?\n/).flatMap((line) => requirement(line)));
}

/** `deepspeed[sparse] >=0.19,<1 ; python_version > "3.9"  # why` */
function requirement(line: string): [string, VersionRange][] {
  const [, name, specifiers = ""] = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*([^;#@]*)/.exec(line) ?? [];
  return name ? [[normalise(name), parseSpecifiers(specifiers)]] : [];
}

/** `[project] dependencies` and its extras, and Poetry's table. */
export function fromPyproject(text: string): Versions {
  const { project, tool } = tableOf(parse(text));
  const { dependencies, "optional-dependencies": extras } = tableOf(project);
  const lists = [dependencies, ...Object.values(tableOf(extras))];
  const poetry = tableOf(tableOf(tableOf(tool).poetry).dependencies);
  return new Map([
    ...lists.flatMap((list) => (Array.isArray(list) ? list : [])).flatMap((line) => requirement(String(line))),
    ...Object.entries(poetry).map(([name, value]): [string, VersionRange] => {
      const asked = typeof value === "string" ? value : String(tableOf(value).version ?? "");
      return [normalise(name), /^[\d.]+$/.test(asked) ? exactly(asked) : parseSpecifiers(asked)];
    }),
  ]);
}

/** `uv.lock`, `poetry.lock`, `pdm.lock`, `pylock.toml`: one table a package. */
export function fromTomlLock(text: string): Versions {
  const { package: some, packages: others } = tableOf(parse(text));
  return new Map(
    [some, others]
      .flatMap((list) => (Array.isArray(list) ? list : []))
      .flatMap((entry): [string, VersionRange][] => {
        const { name, version } = tableOf(entry);
        return typeof name === "string" && typeof version === "string" ? [[normalise(name), exactly(version)]] : [];
      }),
  );
}

/** `Pipfile.lock` */
export function fromPipfileLock(text: string): Versions {
  const root = tableOf(JSON.parse(text));
  return new Map(
    [root.default, root.develop].flatMap((section) =>
      Object.entries(tableOf(section)).map(([name, value]): [string, VersionRange] => [
        normalise(name),
        parseSpecifiers(String(tableOf(value).version ?? "")),
      ]),
    ),
  );
}

const tableOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
