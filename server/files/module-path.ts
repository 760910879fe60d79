/** Which file an import names, by Python's rules, with the script's folder and the workspace on the path. */
import { dirname, join, relative, sep } from "node:path";

/** Whether a file is there. */
export type Exists = (path: string) => boolean;

/** Installed packages: frameworks are known from tables, never from their sources. */
const INSTALLED = /(^|[\\/])(site-packages|dist-packages|node_modules)([\\/]|$)/;

/** `name` has a dot in front for each level, as it is written. Null for what lies outside `root`, or is not there. */
export function modulePath(name: string, from: string, root: string, exists: Exists): string | null {
  if (!isWithin(from, root) || INSTALLED.test(from)) return null;
  const dots = /^\.*/.exec(name)?.[0].length ?? 0;
  const parts = name.slice(dots).split(".").filter(Boolean);
  const folders = dots > 0 ? [climb(dirname(from), dots - 1)] : searchPath(dirname(from), root, exists);
  for (const folder of folders) {
    if (!isWithin(folder, root)) continue;
    const found = moduleIn(folder, parts, exists);
    if (found && !INSTALLED.test(found)) return found;
  }
  return null;
}

function moduleIn(folder: string, parts: readonly string[], exists: Exists): string | null {
  const path = join(folder, ...parts);
  const inside = join(path, "__init__.py");
  if (exists(inside)) return inside;
  const file = `${path}.py`;
  return parts.length > 0 && exists(file) ? file : null;
}

/**
 * The script's own folder comes first, as `sys.path[0]`; not so for a module of a package, which is imported from
 * above. Then all folders up to the workspace's, and its `src`: where a project is run from can't be told.
 */
function searchPath(own: string, root: string, exists: Exists): string[] {
  const above: string[] = [];
  for (let at = own; at !== root && dirname(at) !== at; at = dirname(at)) above.push(dirname(at));
  const around = [...above, join(root, "src")];
  return exists(join(own, "__init__.py")) ? [...around, own] : [own, ...around];
}

function climb(folder: string, levels: number): string {
  let at = folder;
  for (let left = levels; left > 0; left--) at = dirname(at);
  return at;
}

export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith(`..${sep}`) && way !== ".." && !/^([a-z]:|[\\/])/i.test(way));
}
