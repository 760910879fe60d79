/**
 * Could another rule do better? Each family is a rule with one or two constants, which are fitted to all tasks but one and
 * judged on that one, in turn for each: a rule that is fitted to the tasks that judge it always looks better.
 */
import { quantileOfSorted } from "../../server/advice/quantile.ts";
import { gradsight, type Method, mean, percentile } from "./rivals.ts";

const FACTORS = [0.25, 0.35, 0.5, 0.6, 0.7, 0.85, 1, 1.4, 2];

/** The mean of what is left without the largest share of the norms. */
const trimmedMean =
  (share: number): Method =>
  (norms) => {
    const limit = quantileOfSorted(Float64Array.from(norms).sort(), 1 - share);
    return mean(norms.filter((norm) => norm <= limit));
  };

/** Each of the statistics times each of the factors. */
const multiples = (...statistics: Method[]): Method[] =>
  statistics.flatMap((statistic) =>
    FACTORS.map(
      (factor): Method =>
        (norms) =>
          factor * statistic(norms),
    ),
  );

export const FAMILIES: Record<string, readonly Method[]> = {
  "k × ours": multiples(gradsight),
  "k × median": multiples(percentile(0.5)),
  "k × mean": multiples(mean),
  "k × percentile": multiples(...[0.25, 0.75, 0.9, 0.95].map(percentile)),
  "k × trimmed mean": multiples(...[0.02, 0.05, 0.1].map(trimmedMean)),
  "ours ≤ k × mean": FACTORS.map(
    (factor): Method =>
      (norms) =>
        Math.min(gradsight(norms), factor * mean(norms)),
  ),
};

/**
 * From `byTask` of each rule (as in `Quality`), that of picking the rule anew for each task: the one that does best on all
 * others.
 */
export function chosenOnOthers(rules: readonly Record<string, number>[]): Record<string, number> {
  const sums = rules.map((byTask) => Object.values(byTask).reduce((sum, log) => sum + log, 0));
  return Object.fromEntries(
    Object.keys(rules[0]!).map((task) => {
      const onOthers = rules.map((byTask, i) => sums[i]! - byTask[task]!);
      return [task, rules[onOthers.indexOf(Math.min(...onOthers))]![task]!];
    }),
  );
}
