import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { setUpBrowser } from "../../scripts/setup/browser.mjs";

/** Is there a GPU that a browser could draw with? */
export const hasGpu = (): boolean => process.platform !== "linux" || existsSync("/dev/dri");

/**
 * Opens a headless Chromium: the one found on this machine, without first-run pages and calls home. Without `gpu` it draws
 * in software, and so the same everywhere.
 */
export async function openBrowser({ gpu = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: await setUpBrowser(),
    headless: true,
    args: [
      "--no-sandbox", // as root, in a container, there is none
      ...(gpu ? [] : ["--disable-gpu"]),
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
