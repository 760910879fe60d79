/** TensorBoard on the same run: its server and its page, of one version, in a virtual environment of their own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { PATIENCE, type Tab } from "./tab.ts";

const ENVIRONMENT = resolve("out/bench/dashboard-venv");
const TENSORBOARD = "tensorboard==2.21.0";

/** @returns an interpreter that has TensorBoard; null where there is no Python or no package index */
export function prepareTensorboard(): string | null {
  const named = process.env.GRADSIGHT_BENCH_PYTHON;
  if (named) return named;
  const python = join(ENVIRONMENT, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  const execute = (command: string, args: string[]) => spawnSync(command, args).status === 0;
  if (!existsSync(python)) execute(process.env.GRADSIGHT_PYTHON ?? "python3", ["-m", "venv", ENVIRONMENT]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", TENSORBOARD];
  return execute(python, pip) ? python : null;
}

export class TensorBoard {
  readonly address: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, address: string) {
    this.child = child;
    this.address = address;
  }

  static async start(python: string, folder: string): Promise<TensorBoard> {
    const args = ["-m", "tensorboard.main", "--logdir", folder, "--port", "0", "--host", "127.0.0.1"];
    const child = spawn(python, args, { stdio: ["ignore", "pipe", "pipe"] });
    const address = new Promise<string>((found, failed) => {
      let told = "";
      const listen = (data: Buffer) => {
        told += data;
        const match = /(http:\/\/\S+:\d+)/.exec(told);
        if (match) found(match[1]!);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.once("exit", () => failed(new Error(`TensorBoard ended: ${told}`)));
    });
    return new TensorBoard(child, await address);
  }

  /** Resolves when it has read the run up to this step; false if it takes too long. */
  async hasRead(lastStep: number): Promise<boolean> {
    const query = new URLSearchParams({ run: ".", tag: "sgd/norm_pre" });
    for (const begun = performance.now(); performance.now() - begun < PATIENCE; ) {
      const answer = await fetch(`${this.address}/data/plugin/scalars/scalars?${query}`).catch(() => null);
      const points = answer?.ok ? ((await answer.json()) as number[][]) : [];
      if (points.at(-1)?.[1] === lastStep) return true;
      await new Promise((later) => setTimeout(later, 100));
    }
    return false;
  }

  /** Milliseconds from the navigation until its first chart is drawn; null if that takes too long. */
  async paint(tab: Tab): Promise<number | null> {
    return tab.patiently(async () => {
      await tab.page.goto(`${this.address}/#timeseries`, { waitUntil: "commit" });
      await tab.page.locator("line-chart .x-axis .tick, line-chart line-chart-axis text").first().waitFor();
      return tab.page.evaluate(
        () =>
          new Promise<number>((resolve) =>
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))),
          ),
      );
    });
  }

  stop(): void {
    this.child.kill();
  }
}
