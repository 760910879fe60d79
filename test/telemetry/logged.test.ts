/** A loop that tells its steps itself goes wrong: the editor hears of it while the loop goes on. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Editor } from "./editor.ts";
import { python, train } from "./training.ts";

const loop = (norm: string) => `
import gradsight, math, sys
for step in range(200):
    gradsight.log(step, norm=${norm}, loss=2.0 if step < 150 else 40.0)
print("waits", flush=True)
sys.stdin.readline()
`;

it("tells of logged steps that go wrong while the run goes on", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-logged-"));
  const editor = await Editor.open(join(folder, "storage"));
  onTestFinished(async () => {
    await editor.close();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [kind, norm, step] of [
    ["nonfinite", "math.nan if step == 150 else 1.0", 150],
    ["explosion", "1.0 if step < 150 else 1000.0", 154],
  ] as const) {
    const script = join(folder, `${kind}.py`);
    writeFileSync(script, loop(norm));
    const training = train(python!, script, [], editor.endpoint.rendezvous);
    const { id } = await editor.viewer.run(({ name }) => name === `${kind}.py`);
    const detail = await editor.viewer.detail(
      id,
      ({ story, events }) => story !== null && events.some((event) => event.kind === kind),
    );
    expect(detail.summary.status).toBe("running");
    expect(detail.story!.incident).toMatchObject({ kind, series: "train", step });
    expect(detail.events.filter((event) => event.kind === kind)).toHaveLength(1);
    training.process.stdin!.end();
    expect(await training.ended, training.output()).toBe(0);
  }
});
