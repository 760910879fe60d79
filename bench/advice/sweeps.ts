/**
 * What `gradsight sweep` finds of trainings that are clipped at 1.0 (`sweeps.csv`, made by `retrained/sweep.py` with the sweep's own
 * code), and what whole trainings make of it. Its short trials have a quarter of their steps, its longer ones as many; all have
 * other seeds than they, and it sees no other loss than that of the training.
 */
import { type Apart, apart, logRatio } from "./apart.ts";
import { interpolate, mean, type Oracle } from "./quality.ts";

export interface Sweeps {
  /** What the threshold is in the end, by what is done where there is no winner. */
  readonly methods: Record<string, Apart>;
  readonly tasks: number;
  readonly winners: number;
  /** Tasks in which a setting had to pass longer trials. */
  readonly led: number;
  /** Tasks whose winner does worse than 1.0 in whole trainings, and those where it does than the suggestion. */
  readonly worse: readonly string[];
  readonly worseThanOurs: readonly string[];
  /** Trials that were begun, and steps of all of them: the means of the tasks. */
  readonly trials: number;
  readonly steps: number;
}

/** Steps of a whole training. */
export const WHOLE = 1200;

interface Setting {
  readonly threshold: number;
  /** Of the trials that came to their end. */
  readonly losses: readonly number[];
  readonly trials: number;
  readonly steps: number;
  readonly winner: boolean;
  /** Steps that each trial was meant to have. */
  readonly asked: number;
}

/** `suggested`: what the suggestion costs by task, as in `Quality`. Null without sweeps. */
export function sweeps(
  rows: Record<string, string>[],
  oracle: Oracle,
  suggested: Record<string, number>,
): Sweeps | null {
  const known = rows.filter(({ task }) => oracle.has(task!));
  if (known.length === 0) return null;
  const tasks = [...Map.groupBy(known, ({ task }) => task!)].map(([task, lines]) => {
    const rows = lines.map(read);
    const settings = rows.filter(({ asked }) => asked === rows[0]!.asked);
    const cost = ({ threshold }: Setting) => logRatio(oracle, task, interpolate(oracle.get(task)!, threshold).loss);
    const winner = settings.find((setting) => setting.winner);
    const seeds = Math.max(...settings.map(({ losses }) => losses.length));
    const finished = settings.filter(({ losses }) => losses.length === seeds);
    const lowest = finished.reduce((best, each) => (mean(each.losses) < mean(best.losses) ? each : best));
    return { task, rows, settings, own: cost(settings[0]!), winner: winner && cost(winner), lowest: cost(lowest) };
  });
  type Task = (typeof tasks)[number];
  const ending = (log: (task: Task) => number) =>
    apart(Object.fromEntries(tasks.map((task) => [task.task, log(task)])));
  const total = (of: (setting: Setting) => number) => mean(tasks.map(({ rows }) => mean(rows.map(of)) * rows.length));
  const won = tasks.flatMap(({ task, own, winner }) => (winner === undefined ? [] : [{ task, own, winner }]));
  return {
    methods: {
      "winner, else 1.0": ending(({ own, winner }) => winner ?? own),
      "winner, else ours": ending(({ task, winner }) => winner ?? suggested[task]!),
      "lowest loss": ending(({ lowest }) => lowest),
    },
    tasks: tasks.length,
    winners: won.length,
    led: tasks.filter(({ rows, settings }) => rows.length > settings.length).length,
    worse: won.filter(({ own, winner }) => winner > own).map(({ task }) => task),
    worseThanOurs: won.filter(({ task, winner }) => winner > suggested[task]!).map(({ task }) => task),
    trials: total(({ trials }) => trials),
    steps: total(({ steps }) => steps),
  };
}

/** A row of `sweeps.csv`; the first one of a task is the threshold as it was. */
const read = ({ threshold, losses, trials, steps, winner, asked }: Record<string, string>): Setting => ({
  threshold: threshold === "inf" ? Number.POSITIVE_INFINITY : Number(threshold),
  losses: losses!.split(" ").filter(Boolean).map(Number),
  trials: Number(trials),
  steps: Number(steps),
  winner: winner === "1",
  asked: Number(asked),
});
