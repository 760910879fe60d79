import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { CLIPPED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));
const project = new Project();
const DEEPSPEED = { train_batch_size: 8, zero_optimization: { stage: 2 } };
const MISSING = ":10:5: warning: ";

/** A process that watches; what it prints is taken run by run. */
class Watching {
  readonly process: ChildProcess;
  #text = "";
  #heard: () => void = () => {};

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [CLI, "lint", "--watch", ...args], { cwd: project.folder });
    for (const stream of [this.process.stdout!, this.process.stderr!])
      stream.setEncoding("utf8").on("data", (data: string) => {
        this.#text += data;
        this.#heard();
      });
  }

  /** What is printed up to `end`. */
  async until(end: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) {
        const run = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + end.length);
        return run;
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  run(): Promise<string> {
    return this.until("Watching for changes; Ctrl-C ends.\n");
  }
}

describe.skipIf(process.platform === "win32")("--watch", () => {
  let watching: Watching | null = null;
  const watch = (...args: string[]) => {
    watching = new Watching(...args);
    return watching;
  };
  /** As a whole, so that no run sees half of it. */
  const replace = async (name: string, text: string) => {
    await project.write({ "unwatched.tmp": text });
    await rename(project.path("unwatched.tmp"), project.path(name));
  };
  afterEach(() => watching?.process.kill("SIGKILL"));

  it("lints again what is changed, added and removed, and ends at Ctrl-C", async () => {
    await project.write({ "a.py": CLIPPED, "notes.txt": "" });
    const watching = watch();
    expect(await watching.run()).toContain("No problems in 1 file.");

    await replace("a.py", UNCLIPPED);
    const changed = await watching.run();
    expect(changed).toContain(`a.py${MISSING}`);
    expect(changed).toContain("Found 1 problem");
    expect(changed).not.toContain("\u001b");

    await mkdir(project.path("sub"));
    await replace("sub/b.py", UNCLIPPED);
    expect(await watching.run()).toContain("in 2 of 2 files");
    await replace("sub/b.py", CLIPPED);
    expect(await watching.run()).toContain("in 1 of 2 files");
    await rm(project.path("a.py"));
    expect(await watching.run()).toContain("No problems in 1 file.");

    const exited = once(watching.process, "exit");
    watching.process.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
  });

  it("sees in one file what another, which it imports, is changed to", async () => {
    const script = UNCLIPPED.replace("from torch import nn\n", "from torch import nn\nfrom guard import guard\n");
    const guarded = (body: string) => `import torch\n\ndef guard(model):\n    ${body}\n`;
    await project.write({
      "a.py": script.replace("    optimizer.step()", "    guard(model)\n    optimizer.step()"),
      "guard.py": guarded("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"),
    });
    const watching = watch();
    expect(await watching.run()).toContain("No problems in 2 files.");
    await replace("guard.py", guarded("pass"));
    expect(await watching.run()).toContain("a.py:12:5: warning: ");
    await replace("guard.py", guarded("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"));
    expect(await watching.run()).toContain("No problems in 2 files.");
  });

  for (const [how, jobs] of [
    ["", []],
    [", be it in another thread", ["--jobs", "2"]],
  ] as const)
    it(`sees a change of what it imports from outside of the folders that it lints${how}`, async () => {
      const script = UNCLIPPED.replace(
        "from torch import nn\n",
        "from torch import nn\nfrom common.guard import guard\n",
      );
      const guarded = (body: string) => `import torch\n\ndef guard(model):\n    ${body}\n`;
      const clips = guarded("torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)");
      await project.write({
        ".git/HEAD": "",
        "tools/a.py": script.replace("    optimizer.step()", "    guard(model)\n    optimizer.step()"),
        "tools/b.py": CLIPPED,
        "common/guard.py": clips,
      });
      const watching = watch("tools", ...jobs);
      expect(await watching.run()).toContain("No problems in 2 files.");
      await replace("common/guard.py", guarded("pass"));
      expect(await watching.run()).toContain("a.py:12:5: warning: ");
      await replace("common/guard.py", clips);
      expect(await watching.run()).toContain("No problems in 2 files.");
      // No longer imported, so not watched.
      await replace("tools/a.py", UNCLIPPED);
      expect(await watching.run()).toContain(`a.py${MISSING}`);
      await replace("common/guard.py", guarded("pass"));
      await replace("tools/a.py", CLIPPED);
      expect((await watching.run()).match(/problem/g)).toHaveLength(1);
    });

  it("follows its configuration, and survives a mistake there", async () => {
    await project.write({ "pyproject.toml": "[tool.gradsight]\n", "src/a.py": UNCLIPPED });
    const watching = watch("src");
    expect(await watching.run()).toContain(MISSING);
    await replace("pyproject.toml", '[tool.gradsight]\nignore = ["missing-clipping"]\n');
    expect(await watching.run()).toContain("No problems in 1 file.");
    await replace("pyproject.toml", "[tool.gradsight]\nignore = 7\n");
    await watching.until("ignore must be a list of rule names\n");
    await replace("pyproject.toml", "[tool.gradsight]\n");
    expect(await watching.run()).toContain(MISSING);
  });

  it("fixes what is changed, and does not take its own report for a change", async () => {
    await project.write({ "a.py": CLIPPED });
    const watching = watch("--fix", "--unsafe-fixes", "--format", "json", "--output-file", "report.json");
    await watching.run();
    await replace("a.py", UNCLIPPED);
    await watching.run();
    expect(await project.read("a.py")).toContain("clip_grad_norm_(");
    // Its own edit is a change like any other.
    await watching.run();
    await replace("b.py", CLIPPED);
    await watching.run();
    expect(JSON.parse(await project.read("report.json"))).toEqual([]);
  });

  it("says nothing of data that a training writes, unless it is a configuration that matters", async () => {
    const deepspeed = (clipping: number) => JSON.stringify({ ...DEEPSPEED, gradient_clipping: clipping });
    await project.write({ "a.py": CLIPPED, "metrics.json": "{}", "ds_config.json": deepspeed(1) });
    const watching = watch();
    await watching.run();
    await replace("metrics.json", '{"loss": 1}');
    await replace("ds_config.json", deepspeed(0));
    expect(await watching.run()).toContain("ds_config.json:1:");
    await replace("metrics.json", '{"loss": 2}');
    await replace("a.py", UNCLIPPED);
    const changed = await watching.run();
    expect(changed).toContain("a.py:");
    expect(changed.match(/Found/g)).toHaveLength(1);
  });

  it("does not start with a mistake in a configuration", async () => {
    await project.write({ "pyproject.toml": "[tool.gradsight]\nignore = 7\n", "a.py": UNCLIPPED });
    expect(await project.run(["lint", "--watch"])).toMatchObject({
      code: 2,
      err: expect.stringContaining(":2: ignore"),
    });
  });

  for (const args of [["-"], ["--baseline", "x", "--write-baseline"]])
    it(`refuses ${args.join(" ")}`, async () => {
      expect(await project.run(["lint", "--watch", ...args])).toMatchObject({ code: 2, out: "" });
    });
});
