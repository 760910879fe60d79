import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { adaptivePolicies } from "./adaptive.ts";
import { besideStatic } from "./apart.ts";
import { quality, readOracle } from "./quality.ts";
import { METHODS } from "./rivals.ts";
import { readTable, readTraces } from "./traces.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const FOLDERS = [["data"], ["retrained"], ["data", "retrained"]].map((names) =>
  names.map((name) => join(import.meta.dirname, name)),
);
const NAMES = {
  "Gradsight's suggestion": "Gradsight",
  "half the mean norm": "mean × 0.5",
  "AutoClip, median": "AutoClip p50",
  "constant 1.0": "constant 1.0",
  ZClip: "ZClip 2.5σ",
  "AutoClip, 10th percentile": "AutoClip p10",
  "no clipping": "no clipping",
};

it("has the regrets that the data gives", () => {
  const sets = FOLDERS.map((folders) => ({
    traces: new Map(folders.flatMap((folder) => [...readTraces(folder)])),
    oracle: readOracle(folders.flatMap((folder) => readTable(join(folder, "oracle.csv")))),
  }));
  const rows = Object.entries(NAMES).map(([name, method]) => {
    const cells = sets.map(({ traces, oracle }) => {
      const { regret, interval } = quality(METHODS[method]!, traces, oracle, "1.0", 1000);
      const [whole, low, high] = [regret, ...interval].map((share) => Math.round(100 * share));
      return `${whole} % (${low} to ${high})`;
    });
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  const table = README.split("\n").filter((line) => Object.keys(NAMES).some((name) => line.startsWith(`| ${name} | `)));
  expect(table).toEqual(rows);
}, 60_000);

it("has what the adaptive policies lose, and the suggestion on the same tasks", () => {
  const folder = join(import.meta.dirname, "retrained");
  const oracle = readOracle(readTable(join(folder, "oracle.csv")));
  const ours = quality(METHODS.Gradsight!, readTraces(folder), oracle, "1.0", 1000);
  const scored = besideStatic(adaptivePolicies(readTable(join(folder, "adaptive.csv")), oracle), { ours });
  const told = (name: string) => {
    const [whole, low, high] = [scored[name]!.regret, ...scored[name]!.interval].map((share) =>
      Math.round(100 * share),
    );
    return `${whole} % (${low} to ${high})`;
  };
  expect(Object.keys(scored.ours!.byTask)).toHaveLength(24);
  expect(README.replace(/\s+/g, " ")).toContain(
    `Trained with a threshold that adapts at every step, the 24 lose ${told("AutoClip p50")} by AutoClip's median, ${told("ZClip 2.5σ")} by ZClip and ${told("AutoClip p10")} by AutoClip's 10th percentile, beside ${told("ours")} by the suggestion.`,
  );
}, 60_000);
