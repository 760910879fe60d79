/**
 * Runs mocha suites inside the extension host of a real VS Code. The workbench gets the suites' entry as its
 * `extensionTestsPath`, loads the extension from its folder, and calls `run()`; logs and the outcome come back through
 * the two functions that VS Code's own automation uses.
 */
import { format } from "node:util";
import type { Browser, Page } from "playwright-core";
import type { VscodeHost } from "./vscode-host.ts";

export interface SuiteOptions {
  browser: Browser;
  host: VscodeHost;
  /** Folders of the extension under test and of those that it is to meet. */
  extensions: readonly string[];
  /** CommonJS module with `run(): Promise<void>`. */
  entry: string;
  /** Folder to open. */
  workspace: string;
  onLog(line: string): void;
  /** Picture of the window when the suites are over. */
  screenshot: string;
}

const LIMIT = 10 * 60_000;

/** Resolves true when every suite passed. */
export async function runSuites(options: SuiteOptions): Promise<boolean> {
  const { host, extensions, entry, workspace } = options;
  const remote = (path: string) => ({ scheme: "vscode-remote", authority: host.authority, path });
  return runInPage(host.address(workspace), options, (page) =>
    // The workbench reads its configuration from a <meta> of its page.
    page.addInitScript(
      (development) => {
        new MutationObserver((_, observer) => {
          const meta = document.getElementById("vscode-workbench-web-configuration");
          const settings = meta?.getAttribute("data-settings");
          if (!meta || !settings) return;
          observer.disconnect();
          const configuration = JSON.parse(settings);
          configuration.developmentOptions = { ...configuration.developmentOptions, ...development };
          meta.setAttribute("data-settings", JSON.stringify(configuration));
        }).observe(document, { childList: true, subtree: true });
      },
      { extensions: extensions.map(remote), extensionTestsPath: remote(entry) },
    ),
  );
}

/** Opens a workbench that is configured to run suites, and resolves when they are over: true when every one passed. */
export async function runInPage(
  address: string,
  { browser, onLog, screenshot }: Pick<SuiteOptions, "browser" | "onLog" | "screenshot">,
  prepare: (page: Page) => Promise<unknown> = async () => {},
): Promise<boolean> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  let finish: (outcome: number | "timeout") => void = () => {};
  const outcome = new Promise<number | "timeout">((resolve) => {
    finish = resolve;
  });
  await page.exposeFunction("codeAutomationLog", (type: string, args: unknown[]) => {
    const line = format(...args);
    onLog(type === "info" || type === "log" ? line : `[${type}] ${line}`);
  });
  await page.exposeFunction("codeAutomationExit", (code: number) => finish(code)); // 0: run() resolved, 1: it rejected
  await prepare(page);
  const timer = setTimeout(() => finish("timeout"), LIMIT);
  try {
    await page.goto(address, { timeout: 120_000 }); // a busy machine is no fault
    const code = await outcome;
    await page.screenshot({ path: screenshot });
    if (code === "timeout") onLog(`The suites did not end within ${LIMIT / 60_000} minutes.`);
    return code === 0;
  } finally {
    clearTimeout(timer);
    await page.close();
  }
}
