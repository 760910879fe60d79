/** What the sweep in Python writes is what the extension reads. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sweepResult } from "../../protocol/sweep.ts";
import { pythonFrom } from "../host/python.ts";

const PROBE = fileURLToPath(new URL("../../python", import.meta.url));
const TOLD = `
import json
from gradsight._protocol import Location, location
from gradsight.sweep.table import as_json, lines
from gradsight.sweep.trials import Result
from gradsight.sweep.verdict import judge

def result(setting, seed, outcome, loss, threshold):
    return Result(setting, seed, outcome, "why" if outcome != "finished" else "", 60, loss, loss, threshold, 0.5, [9.0])

results = [result("own", seed, "finished", 4.0 + seed / 100, None) for seed in range(3)]
results += [result("0.5", seed, "finished", 1.0 + seed / 100, 0.5) for seed in range(3)]
results += [result("2", 0, "diverged", float("nan"), 2.0)]
table = lines(["own", "0.5", "2", "none"], results)
verdict = judge({"own": table[0].losses, "0.5": table[1].losses})
places = {"site": location(Location("/a/train.py", 12)), "clip": None}
print(json.dumps({**as_json(table, verdict, ["a note"]), **places}, allow_nan=False))
`;

const python = pythonFrom(9);

describe.skipIf(python === undefined)("the outcome of a sweep", () => {
  it("is understood, with settings that failed among the others", () => {
    const env = { ...process.env, PYTHONPATH: PROBE };
    const told = sweepResult(JSON.parse(execFileSync(python!, ["-c", TOLD], { env, encoding: "utf8" })));
    expect(told.settings.map(({ setting, losses, outcome }) => [setting, losses.length, outcome])).toEqual([
      ["own", 3, "finished"],
      ["0.5", 3, "finished"],
      ["2", 0, "diverged: why"],
    ]);
    expect(told.winner).toBe("0.5");
    expect(told.site).toEqual({ file: "/a/train.py", line: 12, cell: null });
    expect([told.clip, told.notes]).toEqual([null, ["a note"]]);
  });
});
