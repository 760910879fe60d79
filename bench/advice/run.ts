/** `npm run bench:advice [-- --data DIR]`: parity with the reference, quality of the thresholds next to other methods, cost. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cost } from "./cost.ts";
import { diagnosisRecall } from "./diagnoses.ts";
import { faultRecall } from "./faults.ts";
import { detectionParity, suggestionParity } from "./parity.ts";
import { quality, readOracle } from "./quality.ts";
import { METHODS } from "./rivals.ts";
import { readTable, readTraces } from "./traces.ts";

const { values } = parseArgs({ options: { data: { type: "string", default: join(import.meta.dirname, "data") } } });
const table = (name: string) => readTable(join(values.data, name));

const traces = readTraces(values.data);
const oracle = readOracle(table("oracle.csv"));
const suggestions = suggestionParity(table("reference_suggestions.csv"), traces);
const detections = detectionParity(table("reference_detect.csv"), traces);
const faults = faultRecall(traces);
const diagnoses = diagnosisRecall(values.data, traces);
const methods = Object.fromEntries(
  Object.entries(METHODS).map(([name, method]) => [name, quality(method, traces, oracle, "1.0", 1000)]),
);
const time = cost(1_000_000);

const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(8);
console.log(`Thresholds from 1000 steps of runs clipped at 1.0; ${oracle.size} tasks, 3 seeds, loss by interpolation`);
console.log(`${"method".padEnd(14)}  regret    in band  > 2×best  non-finite  worst`);
for (const [name, { regret, inBand, twiceBest, failed, worst }] of Object.entries(methods))
  console.log(
    `${name.padEnd(14)}${percent(regret)}  ${percent(inBand)}  ${percent(twiceBest)}  ${percent(failed)}    ${worst.ratio.toFixed(2)}× ${worst.task}`,
  );
console.log(
  `\nParity: ${suggestions.rows} suggestions, largest difference ${(100 * suggestions.exact).toPrecision(1)} % from the ring,`,
);
console.log(
  `  ${percent(suggestions.histogram).trim()} from the histogram; ${suggestions.disagreements.length} beyond 0.1 % and 3 %`,
);
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
  `${JSON.stringify({ methods, suggestions, detections, faults, diagnoses, microseconds: time }, null, 2)}\n`,
);
