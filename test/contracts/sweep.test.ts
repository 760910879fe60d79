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
from gradsight.sweep.verdict import judge, leader

def result(setting, seed, steps, outcome, loss, threshold):
    why = "why" if outcome != "finished" else ""
    return Result(setting, seed, steps, outcome, why, steps, loss, loss, threshold, 0.5, [9.0], [loss, None])

def results(seeds, steps):
    own = [result("own", seed, steps, "finished", 4.0 + seed / 100, None) for seed in seeds]
    return own + [result("0.5", seed, steps, "finished", 1.0 + seed / 100, 0.5) for seed in seeds]

short = results(range(3), 60) + [result("2", 0, 60, "diverged", float("nan"), 2.0)]
longer = results(range(3, 6), 240)
verdict = judge(short, 3, leader(short, 3), longer)
tables = [lines(["own", "0.5", "2", "none"], each) for each in (short, longer)]
places = {"site": location(Location("/a/train.py", 12)), "clip": None}
print(json.dumps({**as_json(*tables, verdict, ["a note"]), **places, "training": 240}, allow_nan=False))
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
    expect(told.longer.map(({ setting, steps }) => [setting, steps])).toEqual([
      ["own", 240],
      ["0.5", 240],
    ]);
    expect(told.winner).toBe("0.5");
    expect(told.site).toEqual({ file: "/a/train.py", line: 12, cell: null });
    expect([told.clip, told.notes, told.training]).toEqual([null, ["a note"], 240]);
  });
});
