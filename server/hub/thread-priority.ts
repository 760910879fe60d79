/** How readily the hub's thread gives way to others. */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/**
 * Where a quarter of a contested core is left for the hub: keystrokes are answered, and the training computes, before runs are taken
 * in, and a dashboard beside a training that keeps every core busy still opens at once.
 */
const GIVES_WAY = 5;
const LAST = 19;

/**
 * Only Linux knows priorities of single threads, and Node tells no thread its number: the system's own files do. Elsewhere the hub
 * keeps the priority of its process.
 */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    const [pid, , thread] = readlinkSync("/proc/thread-self").split("/").map(Number);
    // Of another namespace the numbers would be somebody else's.
    if (pid !== process.pid || !thread) return;
    setPriority(thread, Math.min(LAST, getPriority(thread) + GIVES_WAY));
  } catch {
    // A system that hides or forbids it.
  }
}
