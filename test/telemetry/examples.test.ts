/**
 * The whole loop without a window: an example trains, a viewer watches, the suggestion goes into the code, the run is found
 * again, and the next run has the new threshold.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Column } from "../../protocol/frame.ts";
import { THRESHOLD_EDIT_METHOD, type ThresholdEditResult } from "../../protocol/lsp.ts";
import { editsOf } from "../lsp/client.ts";
import { Editor } from "./editor.ts";
import { python, pythonWithTorch, train } from "./training.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

let folder: string;
const editors: Editor[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradsight-telemetry-"));
});

afterEach(async () => {
  for (const editor of editors.splice(0)) await editor.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<Editor> {
  const editor = await Editor.open(join(folder, "storage"));
  editors.push(editor);
  return editor;
}

const sum = (column: Column | undefined) => Array.from(column?.data ?? [], Number).reduce((a, b) => a + b, 0);

describe.each([
  { example: "train_plain_python.py", interpreter: python, steps: 120, needs: "Python ≥ 3.9" },
  { example: "train_pytorch.py", interpreter: pythonWithTorch, steps: 60, needs: "a Python with PyTorch" },
])("$example", ({ example, interpreter, steps, needs }) => {
  it.skipIf(!interpreter)(`closes the loop (needs ${needs})`, { timeout: 240_000 }, async () => {
    const script = join(folder, example);
    copyFileSync(join(EXAMPLES, example), script);
    const { client, endpoint, viewer } = await open();
    const training = train(interpreter!, script, ["--steps", String(steps)], endpoint.rendezvous);

    // On a quick machine it has ended before anybody looked.
    const { id } = await viewer.run(() => true);
    await viewer.detail(id, ({ series }) => (series[0]?.steps ?? 0) > 0);
    expect(await training.ended, training.output()).toBe(0);
    const detail = await viewer.detail(id, ({ summary }) => summary.status === "finished");
    expect(detail.summary.steps).toBe(steps);
    expect(detail.error).toBeNull();

    const [series] = detail.series;
    const { advice, site, clip } = series!;
    expect(advice.evidence).toMatchObject({ steps, exploded: false, nonFinite: 0 });
    expect(advice.threshold).toBeGreaterThan(0);
    const tile = await viewer.tile(id, series!.id, ["norm_pre", "loss"], 0, steps - 1, 50);
    expect(tile.columns["norm_pre.mean"]?.data.length).toBeLessThanOrEqual(50);
    expect(sum(tile.columns["norm_pre.count"])).toBe(steps);
    expect(sum(tile.columns["loss.count"])).toBe(steps);
    expect(Math.max(...Array.from(tile.columns["norm_pre.max"]!.data, Number))).toBe(advice.evidence.max);

    const uri = pathToFileURL(script).href;
    const before = readFileSync(script, "utf8");
    await client.open(uri, before);
    const threshold = Number((3 * advice.threshold!).toPrecision(2));
    const place = { uri, site, clip: clip?.location ?? null, threshold };
    const result = await client.request<ThresholdEditResult>(THRESHOLD_EDIT_METHOD, place);
    if ("err" in result) throw new Error(result.err);
    const after = apply(before, editsOf(result.ok.edit).edits);
    expect(after).not.toBe(before);
    expect(after.split("\n")[result.ok.line - 1]).toContain(String(threshold));

    await editors.pop()!.close();
    const again = await open();
    expect(again.viewer.runs).toMatchObject([{ id, status: "finished", steps }]);
    const found = await again.viewer.detail(id, () => true);
    expect(found).toEqual(detail);
    expect(await again.viewer.tile(id, series!.id, ["norm_pre", "loss"], 0, steps - 1, 50)).toEqual({
      ...tile,
      metadata: expect.anything(),
    });

    writeFileSync(script, after);
    const second = train(interpreter!, script, ["--steps", "20"], again.endpoint.rendezvous);
    expect(await second.ended, second.output()).toBe(0);
    const next = await again.viewer.run((run) => run.id !== id);
    const written = await again.viewer.detail(next.id, ({ summary }) => summary.status === "finished");
    expect(written.series[0]?.advice.inForce).toBe(threshold);
  });
});

/** LSP edits, none overlapping, applied to a text. */
function apply(text: string, edits: ReturnType<typeof editsOf>["edits"]): string {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  const offset = ({ line, character }: { line: number; character: number }) => starts[line]! + character;
  return edits
    .toSorted((a, b) => offset(b.range.start) - offset(a.range.start))
    .reduce(
      (done, { range, newText }) => done.slice(0, offset(range.start)) + newText + done.slice(offset(range.end)),
      text,
    );
}
