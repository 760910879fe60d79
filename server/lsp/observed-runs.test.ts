import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import type { ObservedUpdate } from "../hub/observed/observed-update.ts";
import { Cells } from "../notebooks/cells.ts";
import type { Host } from "./host.ts";
import { ObservedRuns } from "./observed-runs.ts";

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const HOST = { hash, savedText: () => null } as Pick<Host, "hash" | "savedText"> as Host;
const NOTEBOOK = "/home/ada/train.ipynb";
const SETUP = "%matplotlib inline\nimport torch\n";
const MODEL = "model = 1\noptimizer = 2";
const LOOP = "\nfor x in y:\n    optimizer.step()\n";
/** As the kernel's record has them: without line feeds at their end. */
const [setup, model, loop] = [SETUP, MODEL, LOOP].map((cell) => hash(cell.replace(/\n$/, ""))) as [
  string,
  string,
  string,
];

const UPDATE: ObservedUpdate = {
  file: NOTEBOOK,
  run: "r1",
  startedAt: 0,
  seenAt: 0,
  hash: null,
  optimizer: "torch.optim.SGD",
  siteLine: 3,
  clipLine: null,
  siteCell: loop,
  clipCell: null,
  ranCells: [setup, model, loop],
  clips: false,
  lastStep: 9,
  clippedScale: null,
  diagnoses: [],
  steps: 10,
  median: 1,
  p99: 1,
  max: 1,
  threshold: null,
  converged: false,
  preliminary: false,
  inForce: null,
  calm: false,
  clippable: 0,
  clipped: 0,
  explosion: null,
  sudden: false,
};

/** Where the runs are in a notebook of these cells, and whether they are of an older version of it. */
function places(cells: readonly string[], ...updates: Partial<ObservedUpdate>[]) {
  const runs = new ObservedRuns(HOST, true);
  runs.take(updates.map((update) => ({ ...UPDATE, ...update })));
  const joined = new Cells(cells);
  const found = runs.ofCells(NOTEBOOK, joined);
  expect(runs.ofCells(NOTEBOOK, joined)).toBe(found);
  return found.map(({ siteLine, clipLine, older, placed }) => ({ siteLine, clipLine, older, placed: placed ?? false }));
}
const current = { siteLine: 7, clipLine: null, older: false, placed: true };

it("finds a cell by its text, wherever it stands", () => {
  expect(places([SETUP, MODEL, LOOP], {})).toEqual([current]);
  expect(places([SETUP, MODEL, LOOP.replaceAll("\n", "\r\n")], {})).toEqual([current]);
  expect(places([LOOP], {})).toEqual([{ ...current, siteLine: 2 }]);
});

it("takes cells below, and empty ones, for none of what ran", () => {
  expect(places([SETUP, "  \n", MODEL, LOOP, "evaluate()"], {})).toEqual([{ ...current, siteLine: 9 }]);
});

it("knows a run of an older version by the cells above", () => {
  expect(places([SETUP, "model = 3", LOOP], {})).toEqual([{ ...current, siteLine: 6, older: true }]);
  expect(places([SETUP, MODEL, LOOP], { ranCells: null })).toEqual([{ ...current, older: true }]);
});

it("can't tell which of several places in changed cells is which, and where two cells are alike", () => {
  const changed = { siteLine: 2, clipLine: null, older: true, placed: false };
  expect(places([SETUP, MODEL, "optimizer.step()"], {})).toEqual([changed]);
  expect(places([SETUP, MODEL, "optimizer.step()"], {}, { siteLine: 2 })).toEqual([]);
  expect(places([LOOP, LOOP], {}, { siteCell: model, siteLine: 1 })).toEqual([]);
});

it("tells nothing of another notebook", () => {
  const runs = new ObservedRuns(HOST, true);
  runs.take([{ ...UPDATE, file: "/home/ada/other.ipynb" }]);
  expect(runs.ofCells(NOTEBOOK, new Cells([LOOP]))).toEqual([]);
  expect(runs.ofCells(null, new Cells([LOOP]))).toEqual([]);
});
