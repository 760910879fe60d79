import { delimiter, join } from "node:path";
import { ROOT } from "./paths.mjs";

/** The environment in which the project's programs run: its own Node and packages first in the path. */
export function environment(more = {}) {
  return { ...process.env, ...more, PATH: `${join(ROOT, "node_modules", ".bin")}${delimiter}${process.env.PATH}` };
}
