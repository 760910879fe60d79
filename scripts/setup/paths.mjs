import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Logs, screenshots, results; never read back by the product. */
export const OUT = join(ROOT, "out");
const windows = process.platform === "win32";
/** Node 24, from its registry package. */
export const NODE = join(ROOT, "node_modules", "node", "bin", windows ? "node.exe" : "node");
/** The interpreter of the test environment. */
export const VENV = join(ROOT, ".venv");
export const VENV_PYTHON = windows ? join(VENV, "Scripts", "python.exe") : join(VENV, "bin", "python");
