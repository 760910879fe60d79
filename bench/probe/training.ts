/** One training of `worker.py`, which trains only when it is its turn. */
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline";

const FOLDER = import.meta.dirname;

export interface About {
  readonly torch: string;
  readonly python: string;
  /** Tensors. */
  readonly parameters: number;
  readonly elements: number;
  readonly device: string;
}

/** Seconds. `cpu` is of the whole process, `own` of the thread that trains. */
export interface Block {
  readonly steps: number;
  readonly wall: number;
  readonly cpu: number;
  readonly own: number;
}

export interface Setting {
  readonly python: string;
  readonly model: string;
  /** "small": of a step that a CPU takes some tens of milliseconds for; "large": a GPU. */
  readonly size: "small" | "large";
  readonly device: "cpu" | "cuda";
  readonly threads: number;
}

export class Training {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  about: About | undefined;
  /** Why it can't train. */
  absent: string | undefined;

  private constructor(process: ChildProcess) {
    this.#process = process;
    const { stdout } = process;
    if (!stdout) throw new Error("the training has no standard output");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** `probe`: the folder that holds the package. */
  static async start(
    setting: Setting,
    peer: string,
    folder: string,
    environment: object,
    probe = resolve("python"),
  ): Promise<Training> {
    const { python, model, size, device, threads } = setting;
    const child = spawn(python, [join(FOLDER, "worker.py"), model, size, peer, device, String(threads), folder], {
      cwd: folder,
      stdio: ["pipe", "pipe", "ignore"],
      env: {
        ...process.env,
        PYTHONPATH: [probe, FOLDER].join(delimiter),
        GRADSIGHT_STATE: folder,
        GRADSIGHT_RENDEZVOUS: undefined,
        ...environment,
      },
    });
    const training = new Training(child);
    const said = await training.#next();
    if (said === undefined) training.absent = "it ended at its start";
    else if ("absent" in said) training.absent = String(said.absent);
    else training.about = said as About;
    return training;
  }

  async train(seconds: number): Promise<Block> {
    this.#process.stdin?.write(`${seconds}\n`);
    const block = await this.#next();
    if (block === undefined) throw new Error("the training ended in a block");
    return block as Block;
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }

  async #next(): Promise<object | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : JSON.parse(value);
  }
}
