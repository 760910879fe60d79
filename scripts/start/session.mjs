/**
 * What VS Code keeps from one `npm start` to the next: settings, extensions, recorded runs. A second session at the same
 * time gets a folder of its own, which is gone when it ends.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "../scratch.mjs";
import { tryLock } from "../setup/lock.mjs";
import { ROOT } from "../setup/paths.mjs";

export const EXAMPLES = join(ROOT, "examples");
const KEPT = join(ROOT, ".vscode-test", "session");

/** @returns {string} the data folder */
export function openSession() {
  return tryLock(join(KEPT, "lock")) ? KEPT : scratchFolder("session");
}

/** Settings that a session needs. @param {import("./example.mjs").Example} example */
export function sessionSettings({ python }) {
  return { "gradsight.python.interpreter": python, "task.allowAutomaticTasks": "on" };
}

/**
 * Has the example trained as a task of VS Code's own as soon as the window opens: its output is there to see, and to stop.
 * @param {string} userFolder where VS Code looks for the user's tasks
 * @param {import("./example.mjs").Example} example
 */
export function writeTrainingTask(userFolder, { script }) {
  const task = { label: `Train ${script}`, type: "gradsight", script, runOptions: { runOn: "folderOpen" } };
  mkdirSync(userFolder, { recursive: true });
  writeFileSync(join(userFolder, "tasks.json"), JSON.stringify({ version: "2.0.0", tasks: [task] }, null, 2));
}
