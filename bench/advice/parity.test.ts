import { join } from "node:path";
import { expect, it } from "vitest";
import { detectionParity, suggestionParity } from "./parity.ts";
import { readTable, readTraces } from "./traces.ts";

const data = join(import.meta.dirname, "data");
const traces = readTraces(data);

it("suggests what the reference suggests, from the ring and from the histogram", () => {
  const parity = suggestionParity(readTable(join(data, "reference_suggestions.csv")), traces);
  expect(parity.disagreements).toEqual([]);
  expect(parity.rows).toBe(234);
});

it("detects what the reference detects, but for an infinite loss and for what follows ten spikes in a row", () => {
  const parity = detectionParity(readTable(join(data, "reference_detect.csv")), traces);
  expect(parity).toMatchObject({ rows: 78, nonFinite: 77, normGrowth: 78, lossGrowth: 78, spikes: 74 });
  expect(parity.disagreements.map((line) => line.split(":")[0])).toEqual([
    "gru_heavy|none|0 nonFinite",
    "gru_heavy|none|0 spikes",
    "gru_heavy|none|1 spikes",
    "gru_heavy|none|2 spikes",
    "mlp_outlier|none|0 spikes",
  ]);
});
