import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { logsIn } from "./logs-in-folder.ts";

function folderOf(...files: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-logs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return folder;
}

const found = async (folder: string) => (await logsIn(folder)).map(({ path, folder: where }) => [path, where]);

it("finds a run of TensorBoard as its folder, however many event files it has", async () => {
  const folder = folderOf("events.out.tfevents.1700000000.host.1.0", "events.out.tfevents.1700000009.host.2.0");
  expect(await found(folder)).toEqual([[folder, "."]]);
});

it("finds the logs of the folders inside, the nearest first, by the names that their programs give them", async () => {
  const folder = folderOf(
    "runs/b/events.out.tfevents.1700000000.host.1.0",
    "runs/a/events.out.tfevents.1700000000.host.1.0",
    "wandb/offline-run-20261128_010203-abc/run-abc.wandb",
    "wandb/offline-run-20261128_010203-abc/files/config.yaml",
    "trainer_state.json",
    "lightning_logs/version_0/metrics.csv",
    "data.jsonl",
    "table.csv",
    ".cache/trainer_state.json",
  );
  const at = (path: string) => join(folder, path);
  expect(await found(folder)).toEqual([
    [at("trainer_state.json"), "."],
    [at("lightning_logs/version_0/metrics.csv"), join("lightning_logs", "version_0")],
    [at("runs/a"), join("runs", "a")],
    [at("runs/b"), join("runs", "b")],
    [at("wandb/offline-run-20261128_010203-abc/run-abc.wandb"), join("wandb", "offline-run-20261128_010203-abc")],
  ]);
});

it("finds nothing in a folder without logs, and says why one can't be read", async () => {
  const folder = folderOf("train.py");
  expect(await logsIn(folder)).toEqual([]);
  await expect(logsIn(join(folder, "gone"))).rejects.toThrow("ENOENT");
});
