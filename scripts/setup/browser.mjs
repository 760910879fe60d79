/** A Chromium-based browser: one that is named, one that is found, or Debian's. */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../programs.mjs";
import { Advice, step } from "../progress.mjs";
import { OUT } from "./paths.mjs";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
  "microsoft-edge-stable",
];
const MAC = ["Google Chrome", "Chromium", "Microsoft Edge"].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);
const WINDOWS = ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"]
  .map((name) => process.env[name])
  .filter((folder) => folder !== undefined)
  .flatMap((folder) => [
    join(folder, "Google", "Chrome", "Application", "chrome.exe"),
    join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
  ]);

/**
 * The browser's program, or undefined.
 * @returns {string | undefined}
 */
export function findBrowser() {
  const named = process.env.GRADSIGHT_BROWSER;
  if (named) {
    if (existsSync(named)) return named;
    throw new Advice(`GRADSIGHT_BROWSER names ${named}, which does not exist.`);
  }
  if (process.platform === "darwin") return MAC.find(existsSync);
  if (process.platform === "win32") return WINDOWS.find(existsSync);
  const folders = (process.env.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** @returns {Promise<string>} */
export async function setUpBrowser() {
  const found = findBrowser();
  if (found) return found;
  if (!canInstall())
    throw new Advice(
      "No browser was found. Install Chromium, Chrome or Edge, or name one: GRADSIGHT_BROWSER=/path/to/chromium.\n" +
        "On Debian: sudo apt-get install chromium",
    );
  await step("Chromium (Debian package)", async (note) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const options = { env, log: join(OUT, "setup", "browser.log"), onLine: note };
    await run("apt-get", ["update"], options);
    await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options);
  });
  const installed = findBrowser();
  if (!installed)
    throw new Advice("Debian's package chromium put no browser in PATH. Install Chrome, Chromium or Edge.");
  return installed;
}

function canInstall() {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  // Ubuntu's package of that name only asks for a snap, which a container can't have.
  return !/^ID=ubuntu$/m.test(readFileSync("/etc/os-release", "utf8"));
}
