/** A session in the VS Code that is installed, as a window and with data of its own, beside the user's. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../programs.mjs";
import { say } from "../progress.mjs";
import { OUT, ROOT } from "../setup/paths.mjs";
import { EXAMPLES, openSession, sessionSettings, writeTrainingTask } from "./session.mjs";

const windows = process.platform === "win32";

/**
 * The `code` program of a desktop VS Code that can open a window here, or undefined.
 * @returns {string | undefined}
 */
export function findDesktop() {
  if (process.env.VSCODE_IPC_HOOK_CLI) return undefined; // a terminal of a remote VS Code: its `code` is another program
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return undefined;
  if (process.getuid?.() === 0) return undefined; // Electron's sandbox does not run as root
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, windows ? "code.cmd" : "code")).find(existsSync);
}

/**
 * Opens the window. Resolves with a promise that resolves when it was closed.
 * @param {string} code
 * @param {import("./example.mjs").Example} example
 */
export async function openDesktop(code, example) {
  const dataFolder = openSession();
  const user = join(dataFolder, "User");
  writeTrainingTask(user, example);
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, "settings.json"), JSON.stringify(sessionSettings(example), null, 2));
  process.once("exit", () => endWindow(dataFolder));
  const ended = run(
    code,
    [
      "--new-window",
      "--wait",
      `--user-data-dir=${dataFolder}`,
      `--extensions-dir=${join(dataFolder, "extensions")}`,
      "--disable-workspace-trust",
      `--extensionDevelopmentPath=${ROOT}`,
      EXAMPLES,
    ],
    { log: join(OUT, "start", "vscode.log") },
  );
  say("VS Code opens in a window of its own.");
  return { ended };
}

/** The program `code` only asks for the window: what has to end is the process that VS Code's own lock names. */
function endWindow(dataFolder) {
  try {
    const pid = Number(readFileSync(join(dataFolder, "code.lock"), "utf8"));
    if (windows) spawnSync("taskkill", ["/pid", String(pid), "/t"]);
    else process.kill(pid, "SIGTERM");
  } catch {
    // closed already
  }
}
