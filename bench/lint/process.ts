/** What running a program took, and what a running one has taken so far. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Run {
  readonly wall: number;
  /** Of the program and of all that it waited for. */
  readonly cpu: number;
  /** Of the largest of its processes, in MiB. */
  readonly peak: number;
  readonly status: number;
  readonly timedOut: boolean;
  readonly output: string;
}

/** Only the parent that waits for a process is told what it took: Python can ask, Node can't. */
const WAIT = `
import json, os, signal, subprocess, sys, time
limit, *command = sys.argv[1:]
begun = time.perf_counter()
child = subprocess.Popen(command, stdout=sys.stdout, stderr=subprocess.DEVNULL, start_new_session=True)
timed_out = []
def stop(*_):
    timed_out.append(True)
    os.killpg(child.pid, signal.SIGKILL)
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, float(limit))
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps({
    "wall": time.perf_counter() - begun,
    "cpu": usage.ru_utime + usage.ru_stime,
    "peak": usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
    "status": os.waitstatus_to_exitcode(status),
    "timedOut": bool(timed_out),
}), file=sys.stderr)
`;

/** Seconds; `limit` ends it. */
export function run(python: string, command: readonly string[], options: { limit: number; env?: object }): Run {
  const { stdout, stderr, error } = spawnSync(python, ["-c", WAIT, String(options.limit), ...command], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    env: { ...process.env, ...options.env },
  });
  if (error) throw error;
  return { ...(JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as Omit<Run, "output">), output: stdout };
}

/** Processor time in milliseconds and largest memory in MiB of a running process, where the system says so. */
export function processUsage(pid: number | undefined): { readonly cpu: number; readonly peak: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    // Ticks of 10 ms: what Linux tells user space.
    return { cpu: 10 * (Number(fields[11]) + Number(fields[12])), peak: Number(peak) / 1024 };
  } catch {
    return null;
  }
}
