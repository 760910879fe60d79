/** A whole tree of code through the command line, and through its peers. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { program, python } from "./peers.ts";
import { type Run, run } from "./process.ts";

const CLI = resolve("dist/cli.mjs");

export interface TreeRun extends Run {
  readonly tool: string;
  readonly workers: number;
  /** How many of the tree's files it was given. */
  readonly files: number;
  /** The walls of all repetitions, in seconds. */
  readonly walls: readonly number[];
}

export function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".py"))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

interface Tool {
  readonly name: string;
  readonly command: (folder: string, workers: number) => string[];
  readonly env?: (workers: number) => object;
  /** The share of the files that it is given, where all would take too long. */
  readonly share: number;
  readonly workers: readonly number[];
}

function tools(quick: boolean): Tool[] {
  const jobs = takesJobs();
  return [
    {
      name: "gradsight",
      command: (folder, workers) => [
        ...[process.execPath, CLI, "lint", folder, "--exit-zero", "--format", "json"],
        ...(jobs ? ["--jobs", String(workers)] : []),
      ],
      share: 1,
      workers: jobs ? [1, 2] : [1],
    },
    {
      name: "ruff",
      command: (folder) => [program("ruff"), "check", "--isolated", "--no-cache", "--exit-zero", "--quiet", folder],
      env: (workers) => ({ RAYON_NUM_THREADS: String(workers) }),
      share: 1,
      workers: [1, 2],
    },
    {
      name: "torchfix",
      command: (folder, workers) => [program("torchfix"), "-j", String(workers), folder],
      share: quick ? 0.01 : 0.1,
      workers: quick ? [1] : [1, 2],
    },
    {
      name: "pylint",
      command: (folder, workers) => [
        ...[program("pylint"), "--rcfile=", "--persistent=n", "--exit-zero", "--recursive=y", "-j", String(workers)],
        folder,
      ],
      share: quick ? 0.005 : 0.02,
      workers: quick ? [1] : [1, 2],
    },
  ];
}

function takesJobs(): boolean {
  return run(python, [process.execPath, CLI, "lint", "--help"], { limit: 30 }).output.includes("--jobs");
}

/** Every n-th file of the tree, in folders as before, so that a sample is as mixed as the whole. */
function sample(tree: string, share: number): { folder: string; files: number; clean: () => void } {
  const files = pythonFiles(tree);
  if (share === 1) return { folder: tree, files: files.length, clean() {} };
  const folder = mkdtempSync(join(tmpdir(), "gradsight-bench-"));
  const chosen = files.filter((_, index) => index % Math.round(1 / share) === 0);
  for (const file of chosen) {
    const to = join(folder, relative(tree, file));
    mkdirSync(join(to, ".."), { recursive: true });
    cpSync(file, to);
  }
  return { folder, files: chosen.length, clean: () => rmSync(folder, { recursive: true }) };
}

export function lintTree(tree: string, { quick, limit }: { quick: boolean; limit: number }): TreeRun[] {
  return tools(quick).flatMap(({ name, command, env, share, workers }) => {
    const { folder, files, clean } = sample(tree, share);
    const measured = workers.map((count): TreeRun => {
      const once = () => run(python, command(folder, count), { limit, env: env?.(count) ?? {} });
      // The slow ones once; the others after a first run that reads the files into the system's cache.
      const runs = [once()];
      if ((runs[0]?.wall ?? 0) < 20) runs.splice(0, 1, ...Array.from({ length: quick ? 1 : 3 }, once));
      const best = runs.reduce((a, b) => (b.cpu < a.cpu ? b : a));
      return { ...best, tool: name, workers: count, files, walls: runs.map(({ wall }) => wall) };
    });
    clean();
    return measured;
  });
}
