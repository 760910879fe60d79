/**
 * A VS Code that needs no desktop: the VS Code web server (workbench, extension host, terminals) inside the npm package
 * `code-server`, run without code-server itself. It is unpacked into .vscode-test/, its packages installed by its own
 * lock, and the two native modules that it can't do without are compiled: `spdlog` (output channels, log files) and
 * `native-watchdog` (extension hosts end with their server).
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../programs.mjs";
import { Advice, step } from "../progress.mjs";
import { npm } from "./npm.mjs";
import { OUT, ROOT } from "./paths.mjs";

const VERSION = "4.139.1";
const HOSTS = join(ROOT, ".vscode-test");
const HOST = join(HOSTS, `server-${VERSION}-${process.platform}-${process.arch}-node${process.versions.modules}`);
/** The server's program, for Node 24. */
export const VSCODE_SERVER = join(HOST, "vscode", "out", "server-main.js");

const NATIVE = ["@vscode/spdlog", "@vscode/native-watchdog"];
/** Built-in extensions and packages that no test needs and that are large or call home. */
const UNNEEDED = ["extensions/copilot", "node_modules/@github", "node_modules/@microsoft/mxc-sdk"];

export async function setUpVscodeServer() {
  if (existsSync(VSCODE_SERVER)) return VSCODE_SERVER;
  if (process.platform === "win32")
    throw new Advice("The VS Code web server does not build on Windows. Install VS Code, or use WSL.");
  // Built aside and renamed when whole, so that an interrupted set-up leaves nothing that looks ready.
  const building = join(HOSTS, `building-${process.pid}`);
  try {
    await step(`VS Code web server ${VERSION}`, async (note) => {
      const options = { cwd: building, log: join(OUT, "setup", "vscode-server.log"), onLine: note };
      const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
      mkdirSync(building, { recursive: true });
      // Without one of its own, npm would take the checkout for the folder to install into.
      writeFileSync(join(building, "package.json"), '{ "name": "vscode-server", "private": true }\n');
      note("fetching");
      const archive = (await npm(["pack", "--silent", `code-server@${VERSION}`], options)).trim().split("\n").at(-1);
      note("unpacking");
      await run("tar", ["-xzf", archive, "--strip-components=2", "package/lib/vscode"], options);
      rmSync(join(building, archive));
      // The headers to compile against come with Node's own package.
      const platform = `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${process.platform}-${process.arch}`;
      await npm(
        ["install", "--no-save", "--ignore-scripts", `${platform}@${process.versions.node}`, ...quiet],
        options,
      );
      const inside = { ...options, cwd: join(building, "vscode") };
      await npm(["install", "--omit=dev", "--ignore-scripts", ...quiet], inside);
      note("compiling two native modules");
      await compile({ ...inside, env: { npm_config_nodedir: join(building, "node_modules", platform) } });
      for (const path of UNNEEDED) rmSync(join(building, "vscode", path), { recursive: true, force: true });
      dropForeignRipgrep(join(building, "vscode", "node_modules", "@vscode", "ripgrep-universal", "bin"));
      rmSync(join(building, "node_modules"), { recursive: true });
      rmSync(HOST, { recursive: true, force: true });
      renameSync(building, HOST);
    });
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return VSCODE_SERVER;
}

async function compile(options) {
  try {
    await npm(["rebuild", ...NATIVE, "--ignore-scripts=false", "--loglevel=error"], options);
  } catch (error) {
    if (
      /not found: make|g\+\+: (command )?not found|no such file.*(g\+\+|cc|make)|Could not find any Python/i.test(
        error.tail ?? "",
      )
    )
      throw new Advice(
        "A C++ compiler, make and Python are needed to build VS Code's web server.\n" +
          "On Debian: sudo apt-get install g++ make python3. On macOS: xcode-select --install",
      );
    throw error;
  }
}

function dropForeignRipgrep(bin) {
  if (!existsSync(bin)) return;
  for (const name of readdirSync(bin))
    if (name !== `${process.platform}-${process.arch}`) rmSync(join(bin, name), { recursive: true, force: true });
}
