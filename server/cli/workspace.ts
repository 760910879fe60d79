/** Where linted files lie, for their imports to be followed: in their repository, or else below the current folder. */
import { dirname } from "node:path";
import type { Origin } from "../analysis/index.ts";
import { isWithin } from "../files/module-path.ts";
import { FileWorkspace, repositoryOf } from "../files/workspace.ts";

const workspace = new FileWorkspace({
  rootOf: (path) => repositoryOf(path) ?? (isWithin(path, process.cwd()) ? process.cwd() : dirname(path)),
});

/** Nothing for standard input without a name. */
export const originOf = (filename: string): Origin | undefined =>
  filename === "-" ? undefined : workspace.origin(filename);

/** Files were written. */
export const forgetFiles = (): void => workspace.refresh();
