import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pythonFrom } from "../../test/host/python.ts";
import { quality, readOracle } from "./quality.ts";
import { METHODS } from "./rivals.ts";
import { sweeps, WHOLE } from "./sweeps.ts";
import { readTable, readTraces } from "./traces.ts";

const oracle = readOracle(
  ["t", "u"].flatMap((task) => [
    { task, threshold: "0.5", mean_final_loss: "1", se: "0" },
    { task, threshold: "1", mean_final_loss: "2", se: "0" },
    { task, threshold: "inf", mean_final_loss: "8", se: "0" },
  ]),
);
const row = (task: string, threshold: string, losses: string, winner: string, asked = "300") => ({
  task,
  threshold,
  losses,
  winner,
  asked,
  trials: "2",
  steps: String(2 * Number(asked)),
});

it("takes the winner, and without one what was there, or the suggestion, or the lowest loss all the same", () => {
  const found = sweeps(
    [
      row("t", "1", "3 3", "0"),
      row("t", "0.5", "2 2", "1"),
      row("t", "1", "3 3", "0", "1200"), // longer trials
      row("t", "0.5", "2 2", "1", "1200"),
      row("u", "1", "3 3", "0"),
      row("u", "inf", "1 4", "0"),
      row("u", "0.5", "1", "0"), // given up with its second seed
    ],
    oracle,
    { t: Math.log(9), u: Math.log(5) },
  )!;
  const regret = (name: string) => found.methods[name]!.regret;
  expect(regret("winner, else 1.0")).toBeCloseTo(Math.sqrt(2) - 1, 12);
  expect(regret("winner, else ours")).toBeCloseTo(Math.sqrt(5) - 1, 12);
  expect(regret("lowest loss")).toBeCloseTo(Math.sqrt(8) - 1, 12);
  expect(found).toMatchObject({ tasks: 2, winners: 1, led: 1, worse: [], worseThanOurs: [], trials: 7, steps: 3900 });
});

it("names the tasks whose winner was none", () => {
  const found = sweeps([row("t", "1", "3 3", "0"), row("t", "inf", "1 1", "1")], oracle, { t: 0 })!;
  expect([found.worse, found.worseThanOurs]).toEqual([["t"], ["t"]]);
});

const python = pythonFrom(9);
const JUDGED = `
import json, sys
from gradsight.sweep.verdict import farthest_ahead, holds

def winner(short, longer):
    leading = farthest_ahead(short, 2)
    assert set(longer) == ({leading} if leading else set())
    return leading if leading and holds(longer[leading]) else None

print(json.dumps([winner(*task) for task in json.load(sys.stdin)]))
`;

describe.skipIf(python === undefined)("the recorded sweeps", () => {
  it("have the winners that a sweep has by now", () => {
    const rows = readTable(join(import.meta.dirname, "retrained/sweeps.csv"));
    const tasks = [...Map.groupBy(rows, ({ task }) => task!).values()];
    const leads = tasks.map((lines) =>
      ["300", "1200"].map((steps) =>
        Object.fromEntries(
          lines
            .filter(({ asked, setting }) => asked === steps && setting !== "own")
            .map(({ setting, leads }) => [setting, leads!.split(" ").map(Number)]),
        ),
      ),
    );
    const env = { ...process.env, PYTHONPATH: join(import.meta.dirname, "../../python") };
    const judged = execFileSync(python!, ["-c", JUDGED], { env, input: JSON.stringify(leads), encoding: "utf8" });
    expect(JSON.parse(judged)).toEqual(
      tasks.map((lines) => lines.find(({ winner }) => winner === "1")?.setting ?? null),
    );
  });
});

it("tells in the README what the recorded sweeps cost", () => {
  const folder = join(import.meta.dirname, "retrained");
  const whole = readOracle(readTable(join(folder, "oracle.csv")));
  const suggested = quality(METHODS.Gradsight!, readTraces(folder), whole, "1.0", 1000).byTask;
  const found = sweeps(readTable(join(folder, "sweeps.csv")), whole, suggested)!;
  const { regret, interval } = found.methods["winner, else 1.0"]!;
  const [mean, low, high] = [regret, ...interval].map((share) => Math.round(100 * share));
  const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8").replace(/\s+/g, " ");
  expect(readme).toContain(`loses ${mean} % (${low} to ${high})`);
  expect(readme).toContain(`took ${(found.steps / WHOLE).toFixed(1)} times`);
  const number = (tasks: readonly string[]) => ["none", "one", "two", "three"][tasks.length];
  expect(readme).toContain(
    `led in the short ones on ${found.led} and won on ${found.winners}: ${number(found.worse)} of these did worse than 1.0 in whole trainings, ${number(found.worseThanOurs)} worse than the suggestion`,
  );
}, 60_000);
