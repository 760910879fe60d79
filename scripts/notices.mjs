// The licences of others' code in the bundles: they ask to go with it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const RULE = `\n${"-".repeat(80)}\n\n`;

/**
 * @param {string[]} files what was bundled, as esbuild names its inputs
 * @returns {string} for each package that one of them lies in: its name, its version and the text of its licence
 * @throws {Error} if a package has no such text
 */
export function noticesOf(files) {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const sections = [...folders].map(notice).toSorted();
  return ["Gradsight holds code of these packages, under their licences.\n", ...new Set(sections)].join(RULE);
}

function notice(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (!licence) throw new Error(`${name} ${version} is bundled and has no licence in ${folder}`);
  return `${name} ${version}\n\n${readFileSync(join(folder, licence), "utf8").replace(/\r\n/g, "\n").trim()}\n`;
}
