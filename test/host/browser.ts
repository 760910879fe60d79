import { type Browser, chromium } from "playwright-core";
import { setUpBrowser } from "../../scripts/setup/browser.mjs";

/** Opens a headless Chromium: the one found on this machine, without first-run pages and calls home. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await setUpBrowser(),
    headless: true,
    args: [
      "--no-sandbox", // as root, in a container, there is none
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
