/** Are the causes that stand beside a threshold found, and only where they are? */
import { SeriesMonitor } from "../../server/advice/monitor.ts";
import type { ObservedStep } from "../../server/advice/observed-step.ts";
import { medianOf } from "../../server/advice/quantile.ts";
import { observed } from "./observed.ts";
import type { Trace } from "./traces.ts";

type Kind = ReturnType<SeriesMonitor["advice"]>["diagnoses"][number]["kind"];
interface Share {
  found: number;
  of: number;
}

export interface DiagnosisRecall {
  /** A learning rate that rose a hundredfold; and those of `learning-rates/` that are too hot. */
  raisedRates: Share;
  hotRates: Share;
  /** Claimed of a learning rate that is not above the best one, or does about as well. */
  falseHotRates: Share;
  /** In between. */
  middlingRates: Share;
  /** Too hot, and over before there were 30 steps: nothing is said of so few. */
  brokenOff: Share;
  /** A single bad batch, said of the runs that had one, and of those without a fault. */
  badBatches: Share;
  falseBadBatches: Share;
  /** Kinds claimed of traces without a fault, as far as these could tell. */
  claimedOfHealthy: string[];
  missedOrFalse: string[];
  /** Claimed of learning rates of which it can't be said. */
  claimedOfUnjudged: string[];
}

/** `ratedSteps`: the rows of `learning-rates/steps.csv.gz`. */
export function diagnosisRecall(ratedSteps: Record<string, string>[], traces: Map<string, Trace>): DiagnosisRecall {
  const all = [...traces].map(([name, trace]) => ({ name, ...trace, kinds: diagnosed(observed(trace)) }));
  const share = (runs: typeof all, kind: Kind): Share => ({
    found: runs.filter(({ kinds }) => kinds.has(kind)).length,
    of: runs.length,
  });
  const healthy = all.filter(({ task }) => !task.includes("+"));
  const rates = learningRates(ratedSteps);
  const hot = (heat: Heat): Share => {
    const runs = rates.filter((run) => run.heat === heat);
    return { found: runs.filter(({ claimed }) => claimed).length, of: runs.length };
  };
  return {
    raisedRates: share(
      all.filter(({ task }) => task.endsWith("+lrx100")),
      "hot-learning-rate",
    ),
    hotRates: hot("hot"),
    falseHotRates: hot("fine"),
    middlingRates: hot("middling"),
    brokenOff: hot("broken off"),
    badBatches: share(
      all.filter(({ task }) => task.endsWith("+lossx30once")),
      "bad-batch",
    ),
    falseBadBatches: share(healthy, "bad-batch"),
    claimedOfHealthy: healthy.flatMap(({ name, kinds }) => [...kinds].map((kind) => `${name} ${kind}`)),
    missedOrFalse: rates
      .filter(({ claimed, heat }) => (heat === "hot" && !claimed) || (heat === "fine" && claimed))
      .map(({ name, heat }) => `${name} (${heat})`),
    claimedOfUnjudged: rates.filter(({ claimed, heat }) => heat === "unjudged" && claimed).map(({ name }) => name),
  };
}

/** What was said at any time: every 50 steps, as somebody who looks now and then would see it. */
function diagnosed(run: Iterable<ObservedStep>): Set<Kind> {
  const monitor = new SeriesMonitor();
  const kinds = new Set<Kind>();
  let count = 0;
  const look = () => {
    for (const { kind } of monitor.advice({ optimizer: "SGD", layers: () => null }).diagnoses) kinds.add(kind);
  };
  for (const step of run) {
    monitor.observe(step);
    count += 1;
    if (count % 50 === 0) look();
  }
  look();
  return kinds;
}

type Heat = "hot" | "middling" | "fine" | "broken off" | "unjudged";
/** Tasks whose loss doesn't tell how well they do. */
const UNJUDGED = new Set(["adversarial"]);
interface RatedRun {
  readonly name: string;
  readonly heat: Heat;
  readonly claimed: boolean;
}

/**
 * A rate is too hot if it lies above the one that ends with the lowest loss (median of the last 100 steps; its task, optimizer and seed),
 * and ends with half as much loss again; it is fine below that, or with less than a quarter more.
 */
function learningRates(rows: Record<string, string>[]): RatedRun[] {
  const number = (text: string) => Number(text.replace("inf", "Infinity"));
  const runs = Map.groupBy(rows, ({ task, optimizer, rate, seed }) => `${task} ${optimizer} ${rate} seed ${seed}`);
  const ended = [...runs].map(([name, steps]) => {
    const losses = steps.map(({ loss }) => number(loss!));
    const { task, optimizer, rate, seed } = steps[0]!;
    const final = losses.every(Number.isFinite) ? medianOf(losses.slice(-100)) : Number.POSITIVE_INFINITY;
    return { name, group: `${task} ${optimizer} ${seed}`, rate: Number(rate), final, steps };
  });
  const best = new Map(
    [...Map.groupBy(ended, ({ group }) => group)].map(([group, runs]) => [
      group,
      runs.reduce((a, b) => (b.final < a.final ? b : a)),
    ]),
  );
  return ended.map(({ name, group, rate, final, steps }) => {
    const { rate: bestRate, final: bestFinal } = best.get(group)!;
    const excess = rate > bestRate ? final / bestFinal : 1;
    const observed = steps.map((row) => ({
      step: Number(row.step),
      time: Number(row.step),
      normPre: number(row.norm!),
      normPost: null,
      threshold: null,
      loss: number(row.loss!),
      learningRate: rate,
      updateRatio: number(row.update_ratio!),
      lossScale: null,
      skipped: false,
      byValue: false,
    }));
    const heat = UNJUDGED.has(steps[0]!.task!)
      ? "unjudged"
      : excess <= 1.25
        ? "fine"
        : excess < 1.5
          ? "middling"
          : steps.length < 30
            ? "broken off"
            : "hot";
    return { name, heat, claimed: diagnosed(observed).has("hot-learning-rate") };
  });
}
