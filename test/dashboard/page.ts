/** The dashboard in a real Chromium, in a page as VS Code makes it: same policy, same variables, same messages. */
import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { FromDashboard, ToDashboard } from "../../protocol/webview.ts";
import { THEMES, type ThemeName } from "./themes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const SCREENSHOTS = fileURLToPath(new URL("../../out/dashboard/", import.meta.url));
const NONCE = "dGVzdC1ub25jZQ==";

/** Serves the dashboard as it is in the tree, not as some earlier build left it. */
export async function serveDashboard(): Promise<{ address: string; close(): void }> {
  const bundle = await build({
    absWorkingDir: ROOT,
    entryPoints: { dashboard: "webview/main.ts" },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2023",
    outdir: "dist/webview",
    sourcemap: false,
    logLevel: "warning",
  });
  const files = new Map(bundle.outputFiles.map(({ path, text }) => [`/${path.split(/[\\/]/).pop()}`, text]));
  const server: Server = createServer((request, response) => {
    const { pathname: path, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const port = (server.address() as AddressInfo).port;
    const file = path === "/" ? html(port, searchParams.get("bundle") ?? "{}") : files.get(path);
    const type = path.endsWith(".js") ? "text/javascript" : path.endsWith(".css") ? "text/css" : "text/html";
    if (path === "/favicon.ico") return response.writeHead(204).end();
    response.writeHead(file === undefined ? 404 : 200, { "content-type": `${type}; charset=utf-8` });
    response.end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

/** The page of extension/dashboard/html.ts, with this server in the place of VS Code's resource origin. */
const html = (port: number, bundle: string) => `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-${NONCE}'; style-src http://127.0.0.1:${port}; form-action 'none'; base-uri 'none'">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Gradsight Dashboard</title>
  <link rel="stylesheet" href="/dashboard.css">
</head>
<body>
  <script type="application/json" id="l10n">${bundle.replaceAll("<", "\\u003c")}</script>
  <script nonce="${NONCE}" src="/dashboard.js"></script>
</body>
</html>`;

/** What answers the dashboard's requests. */
export interface Relay {
  send(request: Extract<FromDashboard, { type: "request" }>["request"]): void;
  /** Starts over: the page was loaded (anew). */
  open(post: (message: ToDashboard) => void): void;
  close(): void;
}

export interface PageOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  /** Pixels of the screen to one of CSS: 2 at 200 % zoom, where `width` is half of the window's. */
  readonly scale?: number;
  readonly relay: Relay;
  /** Translations by English text. */
  readonly bundle?: Record<string, string>;
}

/** What a chart's menu has saved. */
export type Saved = Extract<FromDashboard, { type: "save" }>;

export class DashboardPage {
  readonly page: Page;
  /** Everything that the dashboard sent to the extension, in order. */
  readonly sent: FromDashboard[] = [];
  /** Whatever the browser complained about: policy violations, console errors, exceptions. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #relay: Relay;

  private constructor(context: BrowserContext, page: Page, relay: Relay) {
    this.#context = context;
    this.page = page;
    this.#relay = relay;
  }

  static async open(browser: Browser, address: string, options: PageOptions): Promise<DashboardPage> {
    const { theme = "dark", width = 1280, height = 900, scale = 1, relay } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      timezoneId: "UTC",
      locale: "en",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const dashboard = new DashboardPage(context, page, relay);
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") dashboard.complaints.push(message.text());
    });
    page.on("pageerror", (error) => dashboard.complaints.push(String(error)));
    await page.exposeFunction("toExtension", (message: FromDashboard) => dashboard.#receive(message));
    await page.addInitScript(imitateVscode, THEMES[theme]);
    await page.goto(`${address}?${new URLSearchParams({ bundle: JSON.stringify(options.bundle ?? {}) })}`);
    return dashboard;
  }

  #receive(message: FromDashboard): void {
    this.sent.push(message);
    if (message.type === "ready") this.#relay.open((reply) => void this.post(reply));
    if (message.type === "request") this.#relay.send(message.request);
  }

  /** Sends a message as the extension does. */
  async post(message: ToDashboard | { type: string }): Promise<void> {
    const tile = "bytes" in message ? Buffer.from(message.bytes).toString("base64") : null;
    await this.page
      .evaluate(
        ([given, encoded]) => {
          const bytes = encoded === null ? null : Uint8Array.from(atob(encoded!), (c) => c.charCodeAt(0)).buffer;
          window.postMessage(bytes === null ? given : { ...given, bytes });
        },
        [tile === null ? message : { type: "tile" }, tile] as const,
      )
      .catch(() => {}); // the page was closed or reloaded meanwhile
  }

  requests(method: string): FromDashboard[] {
    return this.sent.filter((message) => message.type === "request" && message.request.method === method);
  }

  async setTheme(name: ThemeName): Promise<void> {
    await this.page.evaluate(
      (theme) => (window as unknown as { setTheme(t: unknown): void }).setTheme(theme),
      THEMES[name],
    );
  }

  /** Gives the panel another width, and waits until the charts have it. */
  async resize(width: number): Promise<void> {
    await this.page.setViewportSize({ width, height: 900 });
    await this.settled();
  }

  /** Waits until what has changed is on screen: the second frame begins after the first one was drawn. */
  async settled(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))),
    );
  }

  /** Waits until all visible charts have drawn a tile. */
  async drawn(): Promise<void> {
    await this.page.locator('[data-chart="norm"] canvas[aria-label]').waitFor();
  }

  /** Chooses an item of a chart's menu; gives what was sent for it. */
  async saved(title: string, item: string): Promise<Saved> {
    const before = this.sent.length;
    await this.page.getByRole("button", { name: `Copy or save ${title}`, exact: true }).click();
    await this.page.getByRole("menuitem", { name: item }).click();
    for (;;) {
      const found = this.sent.slice(before).find((message) => message.type === "save");
      if (found) return { ...found, bytes: Uint8Array.from(found.bytes) };
      await this.settled();
    }
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true, animations: "disabled" });
  }

  async close(): Promise<void> {
    this.#relay.close();
    await this.#context.close();
  }
}

/** Runs in the page before its scripts: what VS Code's own webview script does. */
function imitateVscode(theme: { bodyClass: string; variables: Record<string, string> }): void {
  const scope = window as unknown as Record<string, unknown> & { toExtension(message: unknown): void };
  const setTheme = (next: typeof theme) => {
    const { style } = document.documentElement;
    for (const name of [...style]) style.removeProperty(name);
    for (const [name, value] of Object.entries(next.variables)) style.setProperty(`--vscode-${name}`, value);
    document.body.className = next.bodyClass;
  };
  scope.setTheme = setTheme;
  scope.acquireVsCodeApi = () => ({
    // Bytes would be lost on the way to the test.
    postMessage: (message: { bytes?: Uint8Array }) =>
      scope.toExtension(message.bytes ? { ...message, bytes: [...message.bytes] } : message),
    getState: () => JSON.parse(sessionStorage.getItem("state") ?? "null") ?? undefined,
    setState: (state: unknown) => sessionStorage.setItem("state", JSON.stringify(state)),
  });
  new MutationObserver((_, observer) => {
    if (!document.body) return;
    observer.disconnect();
    setTheme(theme);
  }).observe(document, { childList: true, subtree: true });
}
