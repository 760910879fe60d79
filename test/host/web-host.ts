/**
 * A real VS Code for the Web on a loopback port: the workbench as a browser loads it from a plain file server, with no server
 * part behind it. Its one extension host is a web worker. The files are those of `scripts/setup/vscode-server.mjs`.
 */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, relative, sep } from "node:path";
import { VSCODE_SERVER } from "../../scripts/setup/vscode-server.mjs";
import { QUIET } from "./vscode-host.ts";

const VSCODE = dirname(dirname(VSCODE_SERVER));
const PAGE = join(VSCODE, "out", "vs", "code", "browser", "workbench", "workbench.html");
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

const WORKBENCH = "/vscode/out/vs/code/browser/workbench/workbench.js";

/** What code-server changed in it: it always has a server behind it, and keeps the user's settings there. */
const CHANGED: readonly (readonly [RegExp, string])[] = [
  [/,remoteAuthority:location\.host\b/, ""],
  [/(\.file\(this\.userDataPath\)\.with\(\{scheme:\w+)\.vscodeRemote/, "$1.vscodeUserData"],
];

/** @throws when that is not to be found any more */
function workbench(): string {
  return CHANGED.reduce(
    (script, [pattern, original]) => {
      if (!pattern.test(script)) throw new Error(`This workbench does not have ${pattern}`);
      return script.replace(pattern, original);
    },
    readFileSync(join(VSCODE, WORKBENCH.slice("/vscode/".length)), "utf8"),
  );
}

export interface WebHostOptions {
  /** Folder of the extension under test. */
  extension: string;
  /** CommonJS module within it with `run(): Promise<void>`. */
  entry: string;
  /** The folder to open. */
  folder: { scheme: string; path: string };
}

export interface WebHost {
  readonly address: string;
  stop(): Promise<void>;
}

export async function startWebHost({ extension, entry, folder }: WebHostOptions): Promise<WebHost> {
  const folders: Readonly<Record<string, string>> = { vscode: VSCODE, extension };
  const script = workbench();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/") return page(response);
    if (pathname === WORKBENCH) return response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
    file(folders, pathname, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const at = (path: string) => ({ scheme: "http", authority: `127.0.0.1:${port}`, path });

  function page(response: ServerResponse) {
    const configuration = {
      folderUri: folder,
      userDataPath: "/",
      isEnabledFileDownloads: false,
      isEnabledFileUploads: false,
      isEnabledCoderGettingStarted: false,
      developmentOptions: {
        extensions: [at("/extension")],
        extensionTestsPath: at(`/extension/${relative(extension, entry).split(sep).join("/")}`),
      },
      enableWorkspaceTrust: false,
      configurationDefaults: QUIET,
    };
    const values: Readonly<Record<string, string>> = {
      WORKBENCH_WEB_CONFIGURATION: JSON.stringify(configuration).replaceAll('"', "&quot;"),
      WORKBENCH_WEB_BASE_URL: "/vscode",
      WORKBENCH_NLS_FALLBACK_URL: "/vscode/out/nls.messages.js",
      WORKBENCH_NLS_URL: "/vscode/out/nls.messages.js",
    };
    const html = readFileSync(PAGE, "utf8").replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "");
    response.writeHead(200, { "Content-Type": "text/html" }).end(html);
  }

  return {
    address: `http://127.0.0.1:${port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function file(
  folders: Readonly<Record<string, string>>,
  pathname: string,
  { method }: IncomingMessage,
  response: ServerResponse,
) {
  const [, name = "", ...rest] = decodeURIComponent(pathname).split("/");
  const root = folders[name];
  const path = root && join(root, ...rest);
  if (!path?.startsWith(`${root}${sep}`) || method !== "GET" || !existsSync(path) || rest.at(-1) === "") {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
  createReadStream(path).pipe(response);
}
