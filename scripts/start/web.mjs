/** A session in the VS Code web server, on loopback. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { startVscodeHost } from "../../test/host/vscode-host.ts";
import { bold, say, step } from "../progress.mjs";
import { OUT } from "../setup/paths.mjs";
import { EXAMPLES, openSession, sessionSettings, writeTrainingTask } from "./session.mjs";

/**
 * Starts it and shows it, or says where it is. Resolves with a promise that resolves when VS Code has ended.
 * @param {string} vsix
 * @param {import("./example.mjs").Example} example
 */
export async function openWeb(vsix, example) {
  const dataFolder = openSession();
  writeTrainingTask(join(dataFolder, "data", "User"), example);
  const host = await step("VS Code (web server)", async () => {
    const port = await rememberedPort(dataFolder);
    const log = join(OUT, "start", "vscode.log");
    return startVscodeHost({ dataFolder, log, vsix, port, settings: sessionSettings(example) });
  });
  writeFileSync(portFile(dataFolder), String(host.port));
  const address = host.address(EXAMPLES);
  say();
  say(`VS Code: ${bold(address)}`);
  if (!showInBrowser(address)) say("Open this address in a browser on this machine.");
  return { ended: host.ended };
}

const portFile = (dataFolder) => join(dataFolder, "port");

/** The port of the last session, if it is free: VS Code keeps a folder's storage, and so the runs, by address. */
async function rememberedPort(dataFolder) {
  if (!existsSync(portFile(dataFolder))) return 0;
  const port = Number(readFileSync(portFile(dataFolder), "utf8"));
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(0));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
  });
}

/** Whether there was a way to show it. */
function showInBrowser(address) {
  const [command, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  if (process.platform === "linux") {
    if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return false;
    if (!(process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "xdg-open")))) return false;
  }
  spawn(command, [...args, address], { stdio: "ignore", detached: true })
    .once("error", () => {})
    .unref();
  return true;
}
