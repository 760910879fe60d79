/** A framework's default is taken for what it is in the version that a script runs with. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LspClient } from "./client.ts";

/** Clipped by default from DeepSpeed 0.19.3 on. */
const SCRIPT = `import deepspeed

config = {"train_batch_size": 8}
engine, _, _, _ = deepspeed.initialize(model=model, config=config)
for batch in batches:
    engine.backward(engine(batch))
    engine.step()
`;

let client: LspClient;
let folder: string;
let script: string;
beforeEach(async () => {
  client = await LspClient.start();
  folder = await mkdtemp(join(tmpdir(), "gradsight-versions-"));
  script = pathToFileURL(join(folder, "train.py")).href;
});
afterEach(async () => {
  expect(await client.stop()).toBe(0);
  await rm(folder, { recursive: true });
});

async function interpreterWith(deepspeed: string): Promise<string> {
  const environment = join(folder, deepspeed);
  const installed = join(environment, "lib/python3.12/site-packages", `deepspeed-${deepspeed}.dist-info`);
  await mkdir(installed, { recursive: true });
  return join(environment, "bin/python");
}

const select = (interpreter: string) => client.settings.set(script, { python: { interpreter } });
const rules = async () => (await client.pull(script)).map(({ code }) => code);

it("is that of the interpreter that was selected, at once when another one is", async () => {
  const [old, recent] = [await interpreterWith("0.19.2"), await interpreterWith("0.19.3")];
  select(old);
  await client.open(script, SCRIPT);
  expect(await rules()).toEqual(["missing-clipping"]);
  select(recent);
  await client.changeSettings(null);
  await client.until(() => client.refreshes > 0);
  expect(await rules()).toEqual([]);
  select(old);
  await client.changeSettings(null);
  expect(await rules()).toEqual(["missing-clipping"]);
});

it("is that of the requirements, at once when they change", async () => {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, "deepspeed==0.19.2\n");
  await client.open(script, SCRIPT);
  expect(await rules()).toEqual(["missing-clipping"]);
  await writeFile(requirements, "deepspeed==0.19.3\n");
  await client.watchedFileChanged(pathToFileURL(requirements).href);
  await client.until(() => client.refreshes > 0);
  expect(await rules()).toEqual([]);
});
