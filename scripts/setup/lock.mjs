/** One set-up at a time: both commands may be started twice, also at once. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(text: string) => void} [note]
 * @returns {Promise<T>}
 */
export async function withLock(file, work, note = () => {}) {
  mkdirSync(dirname(file), { recursive: true });
  let waited = false;
  while (!take(file)) {
    if (!waited) note("Waiting for another set-up of this checkout.");
    waited = true;
    await sleep(500);
  }
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** Takes the lock until this process ends, unless another process holds it. */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  if (!take(file) && !take(file)) return false; // the first try clears what a dead process left
  process.once("exit", () => rmSync(file, { force: true }));
  return true;
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (!holderLives(file)) rmSync(file, { force: true });
    return false;
  }
}

function holderLives(file) {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    if (pid) process.kill(pid, 0);
    return true; // an empty file was made this instant
  } catch (error) {
    return error.code === "EPERM";
  }
}
