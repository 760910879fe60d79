/**
 * `npm run bench:lint [-- --quick] [-- --keystrokes] [-- --tree DIR]`: keystrokes, cold start, and a whole tree next to other
 * linters, all in one run on one machine; with `--keystrokes` these alone, and no `lint.json`. Builds nothing:
 * `npm run build -- --production` first.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { coldStart } from "./cold-start.ts";
import { inAnalyser, inServer, type Keystrokes } from "./keystrokes.ts";
import { preparePeers, prepareTree } from "./peers.ts";
import { lintTree, type TreeRun } from "./tree.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    tree: { type: "string" },
    limit: { type: "string", default: "900" },
    "no-tree": { type: "boolean", default: false },
    keystrokes: { type: "boolean", default: false },
  },
});
const { quick } = values;
const LINES = [200, 1000, 5000];

const print = (...cells: string[]) =>
  console.log(cells.map((cell, i) => (i ? cell.padStart(13) : cell.padEnd(34))).join(""));
const halfRange = (all: readonly number[]) => (Math.max(...all) - Math.min(...all)) / 2;
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`;
console.log(`${machine}\n`);

print("From keystroke to diagnostics", "first", "median", "p95", "max", "CPU");
const row = (where: string, { lines, first, milliseconds, cpu }: Keystrokes) =>
  print(
    `${lines} lines, ${where}`,
    ms(first),
    ...[milliseconds.median, milliseconds.p95, milliseconds.max, cpu].map(ms),
  );
const rounds = (lines: number) => Math.max(2, Math.round((quick ? 4000 : 20_000) / lines));
const analyser: Keystrokes[] = [];
const server: Awaited<ReturnType<typeof inServer>>[] = [];
for (const lines of LINES) {
  const alone = await inAnalyser(lines, rounds(lines));
  const through = await inServer(lines, rounds(lines));
  analyser.push(alone);
  server.push(through);
  row("analyser", alone);
  row("language server", through);
}
const widest = server.at(-1);
for (const [name, spread] of Object.entries(widest?.byTyping ?? {}))
  print(`  ${name}`, "", ms(spread.median), ms(spread.p95), ms(spread.max));
print("  the server's memory", widest?.peak ? `${widest.peak.toFixed(0)} MiB` : "not known");

if (values.keystrokes) process.exit();

const cold = await coldStart(quick ? 3 : 10);
print("\nCold start to first diagnostics", "", ms(cold.median), ms(cold.p95), ms(cold.max));

let tree: TreeRun[] = [];
if (!values["no-tree"]) {
  preparePeers();
  const folder = values.tree ? resolve(values.tree) : prepareTree();
  tree = lintTree(folder, { quick, limit: Number(values.limit) });
  const own = tree[0];
  console.log("");
  print(`A tree of ${own?.files} Python files`, "files", "wall", "CPU", "CPU/file", "× gradsight", "memory");
  for (const { tool, workers, files, wall, cpu, peak, timedOut, walls } of tree) {
    const each = (1000 * cpu) / files;
    print(
      `${tool}, ${workers} ${workers === 1 ? "worker" : "workers"}${timedOut ? " (ended at the limit)" : ""}`,
      String(files),
      `${wall.toFixed(2)}${walls.length > 1 ? ` ±${(halfRange(walls)).toFixed(2)}` : ""} s`,
      `${cpu.toFixed(2)} s`,
      ms(each),
      own ? (each / ((1000 * own.cpu) / own.files)).toFixed(2) : "",
      `${peak.toFixed(0)} MiB`,
    );
  }
}

mkdirSync("out/bench", { recursive: true });
const trimmed = tree.map(({ output: _, ...measured }) => measured);
writeFileSync(
  "out/bench/lint.json",
  `${JSON.stringify({ machine, quick, analyser, server, coldStart: cold, tree: trimmed }, null, 2)}\n`,
);
