/** From the Node of this machine to the project's own. Uses Node's built-ins only. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { endOnSignals } from "../programs.mjs";
import { explain, say } from "../progress.mjs";
import { environment } from "./environment.mjs";
import { withLock } from "./lock.mjs";
import { checkNode, setUpPackages } from "./packages.mjs";
import { NODE, OUT, ROOT } from "./paths.mjs";

export const SETUP_LOCK = join(OUT, "setup", "lock");

/** Installs the packages if need be, runs `script` with our arguments under Node 24, and ends as it ends. */
export async function handOver(script) {
  endOnSignals();
  try {
    checkNode();
    await withLock(SETUP_LOCK, setUpPackages, say);
  } catch (error) {
    explain(error);
    process.exit(1);
  }
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM").removeAllListeners("SIGHUP");
  const child = spawn(NODE, [join(ROOT, script), ...process.argv.slice(2)], { stdio: "inherit", env: environment() });
  // The child tidies up and ends, and only then do we.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
