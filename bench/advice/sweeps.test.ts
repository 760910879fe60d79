import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pythonFrom } from "../../test/host/python.ts";
import { readOracle } from "./quality.ts";
import { sweeps, WHOLE } from "./sweeps.ts";
import { readTable } from "./traces.ts";

const oracle = readOracle(
  ["t", "u"].flatMap((task) => [
    { task, threshold: "0.5", mean_final_loss: "1", se: "0" },
    { task, threshold: "1", mean_final_loss: "2", se: "0" },
    { task, threshold: "inf", mean_final_loss: "8", se: "0" },
  ]),
);
const row = (task: string, threshold: string, losses: string, winner: string) => ({
  task,
  threshold,
  losses,
  winner,
  trials: "2",
  steps: "600",
});

it("takes the winner, and without one what was there, or the suggestion, or the lowest loss all the same", () => {
  const found = sweeps(
    [
      row("t", "1", "3 3", "0"),
      row("t", "0.5", "2 2", "1"),
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
  expect(found).toMatchObject({ tasks: 2, winners: 1, worse: [], trials: 5, steps: 1500 });
});

it("names the tasks whose winner was none", () => {
  const found = sweeps([row("t", "1", "3 3", "0"), row("t", "inf", "1 1", "1")], oracle, { t: 0 })!;
  expect(found.worse).toEqual(["t"]);
});

const python = pythonFrom(9);
const JUDGED = `
import json, sys
from gradsight.sweep.verdict import judge
print(json.dumps([judge(losses, own_fails=False).winner for losses in json.load(sys.stdin)]))
`;

describe.skipIf(python === undefined)("the recorded sweeps", () => {
  it("have the winners that a sweep has by now", () => {
    const rows = readTable(join(import.meta.dirname, "retrained/sweeps.csv"));
    const tasks = [...Map.groupBy(rows, ({ task }) => task!).values()];
    const finished = tasks.map((lines) =>
      Object.fromEntries(
        lines
          .filter(({ outcome }) => outcome === "finished")
          .map(({ setting, losses }) => [setting, losses!.split(" ").map(Number)]),
      ),
    );
    const env = { ...process.env, PYTHONPATH: join(import.meta.dirname, "../../python") };
    const judged = execFileSync(python!, ["-c", JUDGED], { env, input: JSON.stringify(finished), encoding: "utf8" });
    expect(JSON.parse(judged)).toEqual(
      tasks.map((lines) => lines.find(({ winner }) => winner === "1")?.setting ?? null),
    );
  });
});

it("tells in the README what the recorded sweeps cost", () => {
  const folder = join(import.meta.dirname, "retrained");
  const found = sweeps(readTable(join(folder, "sweeps.csv")), readOracle(readTable(join(folder, "oracle.csv"))), {})!;
  const { regret, interval } = found.methods["winner, else 1.0"]!;
  const [whole, low, high] = [regret, ...interval].map((share) => Math.round(100 * share));
  const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8").replace(/\s+/g, " ");
  expect(readme).toContain(`loses ${whole} % (${low} to ${high})`);
  expect(readme).toContain(`took ${(found.steps / WHOLE).toFixed(1)} times`);
  expect(readme).toContain(
    `had a winner on ${found.winners}: ${["none", "one", "two", "three"][found.worse.length]} of these`,
  );
});
