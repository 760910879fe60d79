/** A real VS Code on a loopback port: the web server that `scripts/setup/vscode-server.mjs` set up, with a data folder of its own. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, start, stop } from "../../scripts/programs.mjs";
import { VSCODE_SERVER } from "../../scripts/setup/vscode-server.mjs";

/** Settings that keep what is not ours out of the picture, and edits unsaved until they are saved, as on a desktop. */
export const QUIET: Readonly<Record<string, unknown>> = {
  "workbench.startupEditor": "none",
  "files.autoSave": "off",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "security.workspace.trust.enabled": false,
  "git.openRepositoryInParentFolders": "never",
};

export interface VscodeHostOptions {
  /** Where this VS Code keeps its settings, extensions, storage and logs. */
  dataFolder: string;
  /** File for what the server prints. */
  log: string;
  /** An extension to install before the start. */
  vsix?: string;
  settings?: Record<string, unknown>;
  /** Added to the environment of the server and, through it, of extensions and terminals. */
  env?: Record<string, string>;
  /** 0, the default, lets the system choose. */
  port?: number;
}

export interface VscodeHost {
  readonly port: number;
  /** What extensions see as the remote authority. */
  readonly authority: string;
  /** The address that opens `folder`; it holds the token without which the server answers nobody. */
  address(folder: string): string;
  /** Resolves when the server has ended, wanted or not. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a VS Code and resolves when it listens. @throws when it ends before that */
export async function startVscodeHost(options: VscodeHostOptions): Promise<VscodeHost> {
  const { dataFolder, log, vsix, settings = {}, env = {}, port = 0 } = options;
  // A setting that may differ by machine (an interpreter, say) counts in Machine only, one of the application in User only.
  for (const scope of ["User", "Machine"]) {
    const folder = join(dataFolder, "data", scope);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "settings.json"), JSON.stringify({ ...QUIET, ...settings }, null, 2));
  }
  const token = randomBytes(24).toString("hex");
  const tokenFile = join(dataFolder, "token"); // in a file: other users can read our arguments
  writeFileSync(tokenFile, token, { mode: 0o600 });

  const folders = ["--server-data-dir", dataFolder, "--extensions-dir", join(dataFolder, "extensions")];
  if (vsix) await run(process.execPath, [VSCODE_SERVER, ...folders, "--install-extension", vsix, "--force"], { log });

  const address = ["--host", "127.0.0.1", "--port", String(port), "--connection-token-file", tokenFile];
  const quiet = ["--accept-server-license-terms", "--telemetry-level", "off"];
  let listening: (port: number) => void = () => {};
  let failed: (error: Error) => void = () => {};
  const started = new Promise<number>((resolve, reject) => {
    listening = resolve;
    failed = reject;
  });
  const server = start(process.execPath, [VSCODE_SERVER, ...address, ...quiet, ...folders], {
    log,
    env: { ...process.env, ...env },
    onLine: (line) => {
      const match = /^Server bound to 127\.0\.0\.1:(\d+)/.exec(line);
      if (match) listening(Number(match[1]));
    },
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  server.once("error", failed);
  void ended.then(() => failed(new Error(`The VS Code server ended before it listened: see ${log}`)));
  const bound = await started;
  return {
    port: bound,
    authority: `127.0.0.1:${bound}`,
    address: (folder) => `http://127.0.0.1:${bound}/?tkn=${token}&folder=${encodeURIComponent(folder)}`,
    ended,
    stop: () => stop(server),
  };
}
