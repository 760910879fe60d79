/** What is installed beside an interpreter, by the names of its `*.dist-info` folders. Nothing is executed. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { exactly, type VersionRange } from "../analysis/version-range.ts";
import { normalise, type Versions } from "./requirements.ts";

/** The environment of an interpreter, or of a virtual environment's folder. Empty where there is none. */
export function installedIn(environment: string): Versions {
  return new Map(sitePackages(environment).flatMap(distributions));
}

/** Of an interpreter, or of an environment's own folder. */
export function environmentOf(selected: string): string {
  if (existsSync(join(selected, "pyvenv.cfg"))) return selected;
  const folder = dirname(selected);
  return /^(bin|scripts)$/i.test(basename(folder)) ? dirname(folder) : folder;
}

function sitePackages(environment: string): string[] {
  const libraries = ["lib", "lib64"].flatMap((name) =>
    entries(join(environment, name))
      .filter((entry) => /^python3(\.\d+)?$/.test(entry))
      .flatMap((entry) => ["site-packages", "dist-packages"].map((kind) => join(environment, name, entry, kind))),
  );
  const found = [...libraries, join(environment, "Lib", "site-packages")].flatMap((folder) => {
    try {
      return [realpathSync(folder)];
    } catch {
      return [];
    }
  });
  return [...new Set(found)];
}

function distributions(folder: string): [string, VersionRange][] {
  return entries(folder).flatMap((entry): [string, VersionRange][] => {
    const [, name, version] = /^(.+?)-([^-]+)\.(?:dist-info|egg-info)$/.exec(entry) ?? [];
    return name && version ? [[normalise(name), exactly(version)]] : [];
  });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
