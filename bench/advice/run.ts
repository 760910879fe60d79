/** `npm run bench:advice [-- --data DIR …]`: parity with the reference, quality of the thresholds next to other methods, cost. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { adaptivePolicies } from "./adaptive.ts";
import { besideStatic } from "./apart.ts";
import { cost } from "./cost.ts";
import { diagnosisRecall } from "./diagnoses.ts";
import { chosenOnOthers, FAMILIES } from "./families.ts";
import { faultRecall } from "./faults.ts";
import { half, halvedBeside, scaleInvariantTasks } from "./halved.ts";
import { heldOut } from "./held-out.ts";
import { detectionParity, suggestionParity } from "./parity.ts";
import { difference, mean, quality, readOracle } from "./quality.ts";
import { METHODS } from "./rivals.ts";
import { sweeps, WHOLE } from "./sweeps.ts";
import { readTable, readTraces, type Trace } from "./traces.ts";

const own = (name: string) => join(import.meta.dirname, name);
const { values } = parseArgs({ options: { data: { type: "string", multiple: true } } });
const folders = values.data ?? [own("data"), own("retrained")];

/** The rows of a file; none where the folder doesn't have it. */
const rows = (folder: string, name: string) => (existsSync(join(folder, name)) ? readTable(join(folder, name)) : []);
const table = (name: string) => folders.flatMap((folder) => rows(folder, name));

const traces = new Map<string, Trace>(folders.flatMap((folder) => [...readTraces(folder)]));
const oracle = readOracle(table("oracle.csv"));
const suggestions = suggestionParity(table("reference_suggestions.csv"), traces);
const detections = detectionParity(table("reference_detect.csv"), traces);
const faults = faultRecall(traces);
const diagnoses = diagnosisRecall(readTable(own("learning-rates/steps.csv.gz")), traces);
const after = (steps: number) =>
  Object.fromEntries(
    Object.entries(METHODS).map(([name, method]) => [name, quality(method, traces, oracle, "1.0", steps)]),
  );
const methods = after(1000);
const earlier = Object.fromEntries([200, 300, 500].map((steps) => [steps, after(steps)]));
const ours = methods.Gradsight!.byTask;
const differences = Object.fromEntries(
  Object.entries(methods).map(([name, { byTask }]) => [name, difference(byTask, ours)]),
);
const fitted = Object.entries(FAMILIES).map(([name, rules]) => ({
  name,
  rules: rules.map((rule) => quality(rule, traces, oracle, "1.0", 1000).byTask),
}));
const families = Object.fromEntries(
  [...fitted, { name: "the best of these", rules: fitted.flatMap(({ rules }) => rules) }].map(({ name, rules }) => {
    const byTask = chosenOnOthers(rules);
    return [name, { regret: Math.expm1(mean(Object.values(byTask))), ...difference(byTask, ours) }];
  }),
);
const invariant = folders.flatMap(scaleInvariantTasks).filter((task) => task in ours);
const halved = halvedBeside(invariant, quality(half, traces, oracle, "1.0", 1000).byTask, ours);
const ceiling = heldOut(oracle);
const beside = ceiling && new Map([...oracle].filter(([task]) => ceiling.tasks.includes(task)));
const adaptive = adaptivePolicies(table("adaptive.csv"), oracle);
const trials = sweeps(table("sweeps.csv"), oracle, ours);
const time = cost(1_000_000);

const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(8);
const signed = (share: number) => `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(1)} %`.padStart(9);
console.log(`Thresholds from 1000 steps of runs clipped at 1.0; ${oracle.size} tasks, loss by interpolation`);
console.log(
  `${"method".padEnd(14)}  regret  of tasks drawn again   in band  > 2×best  non-finite  ${Object.keys(earlier)
    .map((steps) => `from ${steps}`.padStart(10))
    .join("")}  worst`,
);
for (const [name, { regret, interval, inBand, twiceBest, failed, worst }] of Object.entries(methods)) {
  const sooner = Object.values(earlier).map((others) => percent(others[name]!.regret).padStart(10));
  console.log(
    `${name.padEnd(14)}${percent(regret)}  ${percent(interval[0])} to${percent(interval[1])} ${percent(inBand)}  ${percent(twiceBest)}  ${percent(failed)}    ${sooner.join("")}  ${worst.ratio.toFixed(2)}× ${worst.task}`,
  );
}
console.log("\nLosses beside Gradsight's on the same tasks, and what tasks drawn again make of that");
for (const [name, { excess, interval }] of Object.entries(differences).slice(1))
  console.log(`  ${name.padEnd(16)}${signed(excess)}  ${signed(interval[0])} to${signed(interval[1])}`);
const worst = Object.entries(ours)
  .sort(([, a], [, b]) => b - a)
  .slice(0, 5);
console.log(
  `Where Gradsight's loses most: ${worst.map(([task, log]) => `${task} ${percent(Math.expm1(log)).trim()}`).join(", ")}`,
);
console.log("The same of rules whose constants are fitted to all tasks but the one that judges them");
for (const [name, { regret, excess, interval }] of Object.entries(families))
  console.log(
    `  ${name.padEnd(18)}${signed(excess)}  ${signed(interval[0])} to${signed(interval[1])}   regret ${percent(regret).trim()}`,
  );
if (invariant.length > 0) {
  const line = ({ tasks, excess, interval }: (typeof halved)["tested"]) =>
    `${signed(excess).trim()} (${signed(interval[0]).trim()} to ${signed(interval[1]).trim()}) on ${tasks}`;
  console.log(
    `Half of Gradsight's where the optimizer undoes scale: ${line(halved.thoughtUp)} tasks where that was thought up, ${line(halved.tested)} that were written to test it`,
  );
}
if (ceiling && beside) {
  const { tasks, seen, regret, interval } = ceiling;
  const others = ["Gradsight", "constant 1.0"].map(
    (name) => `${name} ${percent(quality(METHODS[name]!, traces, beside, "1.0", 1000).regret).trim()}`,
  );
  console.log(
    `\n${seen}-seed oracle: regret ${percent(regret).trim()} (${percent(interval[0]).trim()} to ${percent(interval[1]).trim()}) on ${tasks.length} tasks; on the same ones ${others.join(", ")}.\n  It picks the threshold that did best on all seeds but one and is scored on that one, in turn: final_losses of the retrainings (data/README.md says of which).`,
  );
}
for (const folder of folders) {
  const own = readOracle(rows(folder, "oracle.csv"));
  const told = [...own.keys()].filter((task) => ceiling?.tasks.includes(task)).length;
  if (told < own.size)
    console.log(
      `${ceiling ? "  " : "\n"}${basename(resolve(folder))}: the oracle that picks on other seeds is not available for ${told === 0 ? "any" : own.size - told} of ${own.size} tasks, whose losses are not known by seed`,
    );
}
for (const [title, scored] of [
  ["whole trainings with a threshold that changes at every step", adaptive],
  ["what a sweep of short trainings tells, which begins from 1.0", trials?.methods ?? {}],
] as const) {
  const [first] = Object.values(scored);
  if (!first) continue;
  console.log(`\nScored apart on ${Object.keys(first.byTask).length} tasks: ${title}`);
  console.log(`${"".padEnd(18)}  regret  of tasks drawn again   non-finite   beside Gradsight's`);
  const statics = { Gradsight: methods.Gradsight!, "constant 1.0": methods["constant 1.0"]! };
  for (const [name, { regret, interval, failed, byTask }] of Object.entries(besideStatic(scored, statics))) {
    const { excess, interval: drawn } = difference(byTask, ours);
    console.log(
      `  ${name.padEnd(16)}${percent(regret)}  ${percent(interval[0])} to${percent(interval[1])}     ${failed === undefined ? "".padEnd(8) : percent(failed)}  ${signed(excess)}  ${signed(drawn[0])} to${signed(drawn[1])}`,
    );
  }
}
if (trials)
  console.log(
    `  The sweeps took ${trials.trials.toFixed(1)} trials a task, ${(trials.steps / WHOLE).toFixed(1)} times the steps of a whole training; on ${trials.led} of ${trials.tasks} a threshold led in the short ones and had longer ones; ${trials.winners} had a winner; worse than 1.0 in the end: ${trials.worse.join(", ") || "none"}; worse than Gradsight's: ${trials.worseThanOurs.join(", ") || "none"}`,
  );
if (suggestions.rows > 0)
  console.log(
    `\nParity: ${suggestions.rows} suggestions, largest difference ${(100 * suggestions.exact).toPrecision(1)} % from the ring,\n  ${percent(suggestions.histogram).trim()} from the histogram; ${suggestions.disagreements.length} beyond 0.1 % and 3 %`,
  );
if (detections.rows > 0)
  console.log(
    `  ${detections.rows} runs: non-finite ${detections.nonFinite}, norm growth ${detections.normGrowth}, loss growth ${detections.lossGrowth}, spikes ${detections.spikes} the same`,
  );
for (const line of [...suggestions.disagreements, ...detections.disagreements]) console.log(`  differs: ${line}`);
const ratio = ({ found, of }: { found: number; of: number }) => `${found}/${of}`;
console.log(
  `Faults: bad batches ${ratio(faults.badBatches)}, NaN ${ratio(faults.nonFinite)}, false explosions ${ratio(faults.falseExplosions)}, ${faults.quietSpikes.toFixed(2)} spikes per 1000 quiet steps`,
);
console.log(
  `Learning rates: raised hundredfold ${ratio(diagnoses.raisedRates)}, too hot ${ratio(diagnoses.hotRates)}, in between ${ratio(diagnoses.middlingRates)}, false ${ratio(diagnoses.falseHotRates)}; ${diagnoses.brokenOff.of} ended before 30 steps`,
);
for (const line of diagnoses.missedOrFalse) console.log(`  missed or false: ${line}`);
console.log(
  `Bad batches as a diagnosis: ${ratio(diagnoses.badBatches)}, of runs without the fault ${ratio(diagnoses.falseBadBatches)}`,
);
console.log(`  too hot, of a loss that can't say so: ${diagnoses.claimedOfUnjudged.join(", ")}`);
for (const line of diagnoses.claimedOfHealthy) console.log(`  of a run without a fault: ${line}`);
console.log(
  `Cost: ${time.perStep.toFixed(2)} µs a step over a million steps, ${time.perAdvice.toFixed(0)} µs an advice`,
);

mkdirSync("out/bench", { recursive: true });
writeFileSync(
  "out/bench/advice.json",
  `${JSON.stringify({ methods, differences, families, halved, earlier, ceiling, suggestions, detections, faults, adaptive, sweeps: trials, diagnoses, microseconds: time }, null, 2)}\n`,
);
