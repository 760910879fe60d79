/** Serves the pages of the bench: the dashboard over a relay to its hub, and its peers with the numbers of the run. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { WebSocketServer } from "ws";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { THEMES } from "../../test/dashboard/themes.ts";
import { connect } from "../hub/sockets.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES: Readonly<Record<string, readonly string[]>> = {
  "/gradsight": ["gradsight.js", "main.js"],
  "/chart-js": ["chart-js.js"],
  "/uplot": ["uplot.js"],
  "/blank": ["blank.js"],
};

export interface Served {
  readonly address: string;
  /** The hub that the dashboard is relayed to. */
  hub: HubEndpoint | null;
  /** The norms of the run, for the peers. */
  norms: Float64Array;
  close(): void;
}

export async function serve(): Promise<Served> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [
      "webview/main.ts",
      ...["gradsight", "chart-js", "uplot", "blank"].map((of) => `bench/dashboard/pages/${of}.ts`),
    ],
    entryNames: "[name]",
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2023",
    outdir: "out",
    logLevel: "warning",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [path.split(/[\\/]/).pop()!, contents]));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const scripts = PAGES[pathname];
    const file = files.get(pathname.slice(1));
    if (pathname === "/norms") return response.end(Buffer.from(served.norms.buffer));
    const type = pathname.endsWith(".css") ? "text/css" : scripts ? "text/html" : "text/javascript";
    response.writeHead(scripts || file ? 200 : 404, { "content-type": `${type}; charset=utf-8` });
    response.end(scripts ? html(scripts) : file);
  });
  new WebSocketServer({ server, path: "/hub" }).on("connection", async (page) => {
    page.pause(); // what the page asks meanwhile would be lost
    const hub = await connect(served.hub!, "/view");
    hub.on("message", (data, binary) => page.send(data, { binary }));
    page.on("message", (data, binary) => hub.send(data, { binary }));
    page.on("close", () => hub.close());
    page.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const served: Served = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hub: null,
    norms: new Float64Array(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return served;
}

const html = (scripts: readonly string[]) => {
  const { bodyClass, variables } = THEMES.dark;
  const style = Object.entries(variables).map(([name, value]) => `--vscode-${name}: ${value}`);
  return `<!DOCTYPE html>
<html lang="en" style="${style.join("; ").replaceAll('"', "&quot;")}">
<head><meta charset="utf-8"><title>Bench</title>${scripts.includes("main.js") ? '<link rel="stylesheet" href="/main.css">' : ""}</head>
<body class="${bodyClass}">${scripts.map((script) => `<script src="/${script}"></script>`).join("")}</body>
</html>`;
};
