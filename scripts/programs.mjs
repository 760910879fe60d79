/**
 * Programs that the two commands start. Each leads a process group of its own, so that it can be ended with all that it
 * started, and none outlives this process.
 */
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";

const windows = process.platform === "win32";
const TAIL_LINES = 30;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

export class ProgramFailed extends Error {
  name = "ProgramFailed";
  constructor(command, outcome, tail, log) {
    super(`${command} ${outcome}`);
    this.tail = tail;
    this.log = log;
  }
}

/**
 * Starts a program with its output going to `log` (if given) and, line by line, to `onLine`.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, log?: string, onLine?: (line: string) => void }} [options]
 */
export function start(command, args, { cwd, env = process.env, log, onLine } = {}) {
  if (log) {
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, "", { flag: "a" });
  }
  const shell = windows && command.endsWith(".cmd"); // Windows runs batch files through a shell only
  const child = spawn(command, args, { cwd, env, shell, detached: !windows, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("close", () => running.delete(child));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    let rest = "";
    stream.on("data", (text) => {
      if (log) appendFileSync(log, text);
      const lines = (rest + text).split(/\r?\n|\r/);
      rest = lines.pop() ?? "";
      if (onLine) for (const line of lines) onLine(line);
    });
    stream.on("end", () => rest && onLine?.(rest));
  }
  return child;
}

/**
 * Runs a program to its end, or ends it when that takes longer than `limit` ms.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, log?: string, limit?: number, onLine?: (line: string) => void }} [options]
 * @returns {Promise<string>} what it printed
 * @throws {ProgramFailed} when it can't be started or ends with anything but 0
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const lines = [];
    const onLine = (line) => {
      lines.push(line);
      if (line.trim()) options.onLine?.(line.trim());
    };
    const fail = (outcome) =>
      reject(
        new ProgramFailed(
          [basename(command), ...args].join(" "),
          outcome,
          lines.slice(-TAIL_LINES).join("\n"),
          options.log,
        ),
      );
    const child = start(command, args, { ...options, onLine });
    const { limit } = options;
    let late = false;
    const end = () => {
      late = true;
      void stop(child);
    };
    const timer = limit === undefined ? undefined : setTimeout(end, limit);
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(lines.join("\n"));
      else if (late) fail(`was ended because it took longer than ${limit / 60_000} minutes`);
      else fail(code === null ? `was ended by ${signal}` : `ended with ${code}`);
    });
  });
}

/** Ends a program and all that it started: asked first, forced after `patience` ms. Resolves when it is gone. */
export async function stop(child, patience = 5000) {
  if (child.exitCode !== null || child.signalCode !== null) return signal(child, "SIGKILL");
  const gone = new Promise((resolve) => child.once("exit", resolve));
  signal(child, "SIGTERM");
  const timer = setTimeout(() => signal(child, "SIGKILL"), patience);
  await gone;
  clearTimeout(timer);
  signal(child, "SIGKILL"); // what is left of its group
}

function signal(child, name) {
  if (!child.pid) return;
  try {
    if (windows) spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
    else process.kill(-child.pid, name);
  } catch {
    // the group is gone
  }
}

/** Ends everything that is still running. */
export async function stopAll() {
  await Promise.all([...running].map((child) => stop(child)));
}

/** From now on a Ctrl-C, or a request to end, ends what was started and then this process, with `code`. */
export function endOnSignals(code = 130) {
  let ending = false;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(name, () => {
      if (ending) return; // the terminal and our parent may both tell us
      ending = true;
      void stopAll().finally(() => process.exit(code));
    });
}

process.once("exit", () => {
  for (const child of running) signal(child, "SIGKILL");
});
