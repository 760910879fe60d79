/** The npm packages, and with them Node 24, under which all the rest runs. Uses Node's built-ins only. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Advice, step } from "../progress.mjs";
import { npm } from "./npm.mjs";
import { NODE, OUT, ROOT } from "./paths.mjs";
import { digest, isStamped, writeStamp } from "./stamp.mjs";

const STAMP = join(ROOT, "node_modules", ".gradsight-stamp");

export function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20)
    throw new Advice(
      `Node 20 or later is needed; this is ${process.version}. Install a newer Node and run this again.`,
    );
}

export async function setUpPackages() {
  const wanted = digest([join(ROOT, "package-lock.json")], [process.platform, process.arch]);
  if (isStamped(STAMP, wanted) && existsSync(NODE)) return;
  await step("npm packages", async (note) => {
    const options = { cwd: ROOT, log: join(OUT, "setup", "packages.log"), onLine: note };
    // Not `npm ci`: it refuses where a registry lacks the optional packages of other platforms.
    await npm(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], options);
    // The one install script that is needed: it puts Node 24 in place.
    await npm(["rebuild", "node", "--ignore-scripts=false", "--loglevel=error"], options);
    if (!existsSync(NODE)) throw new Advice(`The npm package "node" put no program at ${NODE}. See ${options.log}.`);
    writeStamp(STAMP, wanted);
  });
}
