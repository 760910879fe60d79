/** A sweep asks how long the script's own training is: the hub, while an editor runs, and later the file that a run left. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { RENDEZVOUS_VARIABLE } from "../../protocol/rendezvous.ts";
import { Editor } from "./editor.ts";
import { PROBE, python, train } from "./training.ts";

const TRAINING = `import sys
import gradsight

for step in range(int(sys.argv[1])):
    gradsight.log(step, norm=1.0, loss=2.0)
    if "--two" in sys.argv:
        gradsight.log(step // 2, norm=1.0, loss=2.0, series="second")
if "--fails" in sys.argv:
    raise ValueError("no")
`;

const ASKS = `import json, sys
from gradsight.sweep.own_runs import steps_of_last_run

script, *wanted = sys.argv[1:]
print(json.dumps([steps_of_last_run(script, arguments.split(), series or None) for arguments, _, series in
    (each.partition("/") for each in wanted)]))
`;

it("knows the last complete run of the same training", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-own-runs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const editor = await Editor.open(join(folder, "storage"));
  const script = join(folder, "train.py");
  writeFileSync(script, TRAINING);
  const { rendezvous } = editor.endpoint;
  const trained = async (...args: string[]) => train(python!, script, args, rendezvous).ended;
  const told = (...wanted: string[]) => {
    const env = { ...process.env, PYTHONPATH: PROBE, [RENDEZVOUS_VARIABLE]: rendezvous };
    return JSON.parse(execFileSync(python!, ["-c", ASKS, script, ...wanted], { env, encoding: "utf8" }));
  };

  expect(told("40 --seed 1/")).toEqual([null]);
  const seed = "--seed {seed}";
  expect(await trained("40", "--seed", "1")).toBe(0);
  expect(await trained("50", "--seed", "1", "--fails")).toBe(1);
  expect(await trained("60", "--seed", "2")).toBe(0);
  expect(await trained("80", "--two")).toBe(0);
  for (const made of [40, 60, 80])
    await editor.viewer.run(({ steps, status }) => steps === made && status === "finished");
  expect(told("40 --seed 1/", `{seed} ${seed}/`, "40 --seed 1/train", "80 --two/train", "80 --two/second")).toEqual([
    40, 60, 40, 80, 40,
  ]);
  const unknown = ["50 --seed 1 --fails/", "40/", "40 --seed 3/", "40 --seed 1/third", "80 --two/"];
  expect(told(...unknown)).toEqual(unknown.map(() => null));

  await editor.close(); // the hub with it: what it holds can't be asked for, what is recorded now can
  expect(await trained("70", "--seed", "1")).toBe(0);
  expect(await trained("90", "--seed", "1", "--fails")).toBe(1);
  expect(told(`{seed} ${seed}/`, "70 --seed 1/train", "90 --seed 1 --fails/", "40 --seed 1/")).toEqual([
    70,
    70,
    null,
    null,
  ]);
});
