import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Diagnostic } from "vscode-languageserver-protocol/node";
import { type ClientOptions, LspClient } from "./client.ts";

const SCRIPT = `import torch
from helpers import tame
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
loss.backward()
tame(model)
optimizer.step()
`;
const CLIPS = "import torch\ndef tame(model):\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)\n";
const HARMLESS = "def tame(model):\n    pass\n";
const rules = (diagnostics: Diagnostic[]) => diagnostics.map(({ code }) => code);
const whole = (text: string) => ({ text });

let folder: string;
let client: LspClient | null = null;
const uri = (name: string) => pathToFileURL(join(folder, name)).href;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "gradsight-imports-")));
  await mkdir(join(folder, "project"));
  await writeFile(join(folder, "project", "helpers.py"), CLIPS);
  await writeFile(join(folder, "project", "train.py"), SCRIPT);
});
afterEach(async () => {
  expect(await client?.stop()).toBe(0);
  client = null;
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: ClientOptions = {}) => {
  client = await LspClient.start({ folders: [uri("project")], ...options });
  return client;
};

describe("what an open script imports", () => {
  const train = () => uri("project/train.py");
  const helpers = () => uri("project/helpers.py");

  it("counts as it is in the editor, saved or not", async () => {
    const client = await start();
    expect(client.result.capabilities.diagnosticProvider).toMatchObject({ interFileDependencies: true });
    await client.open(train(), SCRIPT);
    expect(await client.pull(train())).toEqual([]);
    await client.open(helpers(), CLIPS);
    await client.change(helpers(), 2, whole(HARMLESS));
    expect(rules(await client.pull(train()))).toEqual(["missing-clipping"]);
    await client.change(helpers(), 3, whole(CLIPS));
    expect(await client.pull(train())).toEqual([]);
    await client.change(helpers(), 4, whole(HARMLESS));
    expect(rules(await client.pull(train()))).toEqual(["missing-clipping"]);
    // Closed unsaved: the file's text counts again.
    await client.close(helpers());
    expect(await client.pull(train())).toEqual([]);
  });

  it("lies in a folder that is opened later, and closed again", async () => {
    const client = await start({ folders: [] });
    const [own, other] = [uri("project/own"), uri("project")];
    const nested = `${own}/train.py`;
    await client.open(nested, SCRIPT);
    // Outside of the workspace, what it imports is looked for beside it.
    expect(rules(await client.pull(nested))).toEqual([]);
    await client.open(helpers(), HARMLESS);
    await client.foldersChanged([other], []);
    expect(rules(await client.pull(nested))).toEqual(["missing-clipping"]);
    await client.foldersChanged([own], [other]);
    expect(rules(await client.pull(nested))).toEqual([]);
  });

  it("is looked at again when its file changes, appears or goes", async () => {
    const client = await start();
    await client.until(() => client.registered.includes("workspace/didChangeWatchedFiles"));
    await client.open(train(), SCRIPT);
    expect(await client.pull(train())).toEqual([]);
    await writeFile(join(folder, "project", "helpers.py"), HARMLESS);
    await client.watchedFileChanged(helpers());
    await client.until(() => client.refreshes > 0);
    expect(rules(await client.pull(train()))).toEqual(["missing-clipping"]);
    await rm(join(folder, "project", "helpers.py"));
    await client.watchedFileChanged(helpers());
    expect(await client.pull(train())).toEqual([]);
    await mkdir(join(folder, "project", "helpers"));
    await writeFile(join(folder, "project", "helpers", "__init__.py"), HARMLESS);
    await client.watchedFileChanged(uri("project/helpers/__init__.py"));
    expect(rules(await client.pull(train()))).toEqual(["missing-clipping"]);
  });

  it("is named, with its place, where a finding rests on it", async () => {
    const client = await start();
    const builder = uri("project/builder.py");
    const build = (above: string) =>
      `import torch\n${above}def build(m):\n    return torch.optim.Adam(m.parameters())\n`;
    await writeFile(join(folder, "project", "builder.py"), build(""));
    const script = SCRIPT.replace("tame(model)\n", "").replace("helpers import tame", "builder import build");
    await client.open(train(), script.replace("torch.optim.Adam(model.parameters())", "build(model)"));
    const places = async () => {
      const [finding] = await client.pull(train());
      return finding!.relatedInformation!.map(({ location }) => [location.uri, location.range.start]);
    };
    expect(await places()).toContainEqual([builder, { line: 2, character: 11 }]);
    expect(await places()).toContainEqual([train(), { line: 4, character: 0 }]);
    // As it is in the editor, unsaved.
    await client.open(builder, build("\n\n"));
    expect(await places()).toContainEqual([builder, { line: 4, character: 11 }]);
  });

  it("changes what is pushed for the script, and for no other", async () => {
    const client = await start({ pulls: false });
    const other = uri("project/other.py");
    await client.open(train(), SCRIPT);
    await client.open(other, SCRIPT.replace("helpers", "elsewhere"));
    await client.open(helpers(), CLIPS);
    for (const opened of [train(), other, helpers()]) expect((await client.published(opened)).diagnostics).toEqual([]);
    await client.change(helpers(), 2, whole(HARMLESS));
    expect((await client.published(helpers())).diagnostics).toEqual([]);
    expect(rules((await client.published(train())).diagnostics)).toEqual(["missing-clipping"]);
    await client.close(helpers());
    expect((await client.published(helpers())).diagnostics).toEqual([]);
    expect((await client.published(train())).diagnostics).toEqual([]);
    expect(client.pending).toBe(0);
  });

  it("is read from the disk each time where the client does not watch files", async () => {
    const client = await start({ watches: false });
    await client.open(train(), SCRIPT);
    expect(await client.pull(train())).toEqual([]);
    await writeFile(join(folder, "project", "helpers.py"), HARMLESS);
    expect(rules(await client.pull(train()))).toEqual(["missing-clipping"]);
  });

  it("is not looked for outside of the folder that is open", async () => {
    await writeFile(join(folder, "outside.py"), HARMLESS);
    const client = await start();
    await client.open(train(), SCRIPT.replace("helpers", "outside"));
    expect(await client.pull(train())).toEqual([]);
  });
});
