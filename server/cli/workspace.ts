/** Where linted files lie, for their imports to be followed: in their repository, or else below the current folder. */
import { dirname } from "node:path";
import type { Origin } from "../analysis/index.ts";
import { Environments } from "../environment/environments.ts";
import { isWithin } from "../files/module-path.ts";
import { FileWorkspace, repositoryOf } from "../files/workspace.ts";

const workspace = new FileWorkspace({
  rootOf: (path) => repositoryOf(path) ?? (isWithin(path, process.cwd()) ? process.cwd() : dirname(path)),
});

/** The active virtual environment goes before what lies beside a file. */
const environments = new Environments(process.env.VIRTUAL_ENV ?? null);

/** Nothing for standard input without a name. */
export function originOf(filename: string): Origin | undefined {
  if (filename === "-") return undefined;
  // Few files need to know a version.
  const versions = { get: (distribution: string) => environments.of(filename).get(distribution) };
  return { ...workspace.origin(filename), versions };
}

/** Modules that threads read. */
const readElsewhere = new Map<string, string>();

/** The modules that were imported since {@link forgetImported}, each with the stamp of its file as it was read. */
export function importedModules(): ReadonlyMap<string, string> {
  return new Map([...readElsewhere, ...workspace.imported]);
}

export function forgetImported(): void {
  readElsewhere.clear();
  workspace.forgetImported();
}

export function noteImported(modules: ReadonlyMap<string, string>): void {
  for (const [path, stamp] of modules) readElsewhere.set(path, stamp);
}

/** Files were written. */
export function forgetFiles(): void {
  workspace.refresh();
  environments.forget();
}
