/** Trainings run under the real probe, and the code says what they saw where its updates and clips are. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Diagnostic } from "vscode-languageserver-protocol/node";
import { EXPLODING_TRAINING } from "../host/exploding-training.ts";
import { editsOf } from "../lsp/client.ts";
import { Editor } from "./editor.ts";
import { pythonWithTorch, train } from "./training.ts";

/** Learns to sum four numbers, to the last bit where there is no `noise`. */
const summing = (steps: number, noise: string, update: string, before = "") => `import torch

torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
${before}for step in range(${steps}):
    x = torch.randn(16, 4)
    y = x.sum(dim=1, keepdim=True) + ${noise}
    optimizer.zero_grad()
    loss = (model(x) - y).pow(2).mean()
${update.replace(/^/gm, "    ")}
`;

describe.skipIf(!pythonWithTorch)("tells what a run saw in its code", { timeout: 240_000 }, () => {
  let folder: string;
  let editor: Editor;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gradsight-observed-"));
    editor = await Editor.open(join(folder, "storage"));
  });
  afterAll(async () => {
    editor.viewer.close();
    await editor.client.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a script, runs it, and gives its URI once the editor was told of the run. */
  async function ran(name: string, text: string): Promise<{ uri: string; before: Diagnostic[] }> {
    const { client, endpoint } = editor;
    const script = join(folder, name);
    const uri = pathToFileURL(script).href;
    writeFileSync(script, text);
    await client.open(uri, text);
    const before = await client.pull(uri);
    const known = client.refreshes;
    const training = train(pythonWithTorch!, script, [], endpoint.rendezvous);
    expect(await training.ended, training.output()).toBe(0);
    // Written again with the same text: it is the hash that counts.
    utimesSync(script, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    await client.until(() => client.refreshes > known);
    return { uri, before };
  }

  it("that exploded", async () => {
    const { client } = editor;
    const { uri, before } = await ran("exploding.py", EXPLODING_TRAINING);
    expect(before).toMatchObject([{ code: "missing-clipping", severity: 3 }]);
    const [found] = await client.pull(uri);
    expect(found).toMatchObject({ code: "missing-clipping", severity: 2 });
    expect(found!.message).toMatch(/ A run on \d+ \w+ exploded here after step 1\d\d: the norm rose from a median of /);

    const [fix] = await client.actions(uri, found!.range);
    expect(fix!.title).toMatch(/^Clip the gradients to a norm of [\d.]+, as the run on \d+ \w+ suggests$/);
    const written = editsOf(fix!.edit).edits.map(({ newText }) => newText);
    expect(written.join()).toMatch(/clip_grad_norm_\(model\.parameters\(\), max_norm=[\d.]+\)/);
  });

  it("whose clip was far above its norms, and which of it is said of a later version", async () => {
    const { client } = editor;
    const clip = "loss.backward()\ntorch.nn.utils.clip_grad_norm_(model.parameters(), 500.0)\noptimizer.step()";
    const text = summing(300, "torch.randn(16, 1)", clip);
    const { uri, before } = await ran("clipped.py", text);
    expect(before).toEqual([]);
    const [found, ...more] = await client.pull(uri);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ code: "unlikely-threshold", severity: 3 });
    expect(found!.message).toMatch(
      /^500 is the threshold: that is far above the norms of a run on \d+ \w+, and its norms suggest [\d.]+\.$/,
    );
    await client.change(uri, 2, { text: text.replace("import torch\n", "import torch  # again\n") });
    const [later] = await client.pull(uri);
    expect(later!.message).toMatch(/far above the norms of a run of an older version of this file on \d+ \w+, and/);
  });

  it("whose gradients still had the scale of the loss when they were clipped", async () => {
    const { client } = editor;
    const scaled =
      "scaler.scale(loss).backward()\ntorch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\nscaler.step(optimizer)\nscaler.update()";
    const { uri, before } = await ran("scaled.py", summing(60, "0", scaled, 'scaler = torch.amp.GradScaler("cpu")\n'));
    expect(before).toMatchObject([{ code: "clip-scaled-gradients", severity: 2 }]);
    const [found] = await client.pull(uri);
    expect(found).toMatchObject({ code: "clip-scaled-gradients", severity: 1 });
    expect(found!.message).toMatch(
      /A run on \d+ \w+ confirms it: they were 65,536 times too large when they were clipped\.$/,
    );
  });

  it("that has converged, whose norms suit no new run", async () => {
    const { client } = editor;
    const text = summing(600, "0", "loss.backward()\noptimizer.step()");
    const { uri } = await ran("converging.py", text);
    const line = text.split("\n").findIndex((each) => each.includes("optimizer.step()"));
    const hover = await client.hover(uri, { line, character: 16 });
    expect(JSON.stringify(hover?.contents)).toContain("converged: no threshold for a new run can be told");
    const [found] = await client.pull(uri);
    const [fix] = await client.actions(uri, found!.range);
    expect(fix!.title).not.toContain("suggests");
  });
});
