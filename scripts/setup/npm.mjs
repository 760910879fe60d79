import { delimiter, dirname } from "node:path";
import { run } from "../programs.mjs";
import { Advice } from "../progress.mjs";

/**
 * Runs npm with `node` (this process's, unless said otherwise), the same npm that started us where there is one.
 * What npm told us about the outer script is left out: it would make the inner npm work in the wrong folder.
 */
export async function npm(args, { node = process.execPath, env = {}, ...options } = {}) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle)_|^npm_(command|config_(local_prefix|ignore_scripts|prefix))$/i.test(name),
    ),
  );
  const environment = { ...inherited, ...env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const cli = process.env.npm_execpath;
  try {
    if (cli?.endsWith("npm-cli.js")) return await run(node, [cli, ...args], { ...options, env: environment });
    return await run(process.platform === "win32" ? "npm.cmd" : "npm", args, { ...options, env: environment });
  } catch (error) {
    if (/could not be started/.test(error.message))
      throw new Advice("npm was not found. It comes with Node: install Node 20 or later, then run this again.");
    throw error;
  }
}
