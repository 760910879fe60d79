import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

let client: LspClient;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradsight-configuration-"));
});
afterEach(async () => {
  await client.stop();
  await rm(folder, { recursive: true });
});

const uriOf = (name: string) => pathToFileURL(join(folder, name)).href;
async function write(name: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), content);
}
async function severities(...names: string[]): Promise<unknown[]> {
  const reports = names.map((name) => client.pull(uriOf(name)));
  return (await Promise.all(reports)).map(([finding]) => finding?.severity ?? null);
}

it("is the nearest above the document, and read again when it changes", async () => {
  await write("pyproject.toml", '[tool.gradsight]\nseverity = { missing-clipping = "hint" }\nexclude = ["old"]\n');
  await write("sub/pyproject.toml", '[tool.gradsight]\nper-file-ignores = { "test_*.py" = ["missing-clipping"] }\n');
  client = await LspClient.start();
  await client.until(() => client.registered.includes("workspace/didChangeWatchedFiles"));
  const names = ["a.py", "old/a.py", "sub/a.py", "sub/test_a.py"];
  for (const name of names) await client.open(uriOf(name), UNCLIPPED);
  expect(await severities(...names)).toEqual([4, null, 2, null]);

  await write("pyproject.toml", '[tool.gradsight]\nseverity = { missing-clipping = "error" }\n');
  await client.watchedFileChanged(uriOf("pyproject.toml"));
  await client.until(() => client.refreshes === 1);
  expect(await severities(...names)).toEqual([1, 1, 2, null]);

  await rm(join(folder, "sub/pyproject.toml"));
  await client.watchedFileChanged(uriOf("sub/pyproject.toml"));
  await client.until(() => client.refreshes === 2);
  expect(await severities(...names)).toEqual([1, 1, 1, 1]);
});

it("yields to the editor's settings", async () => {
  await write("pyproject.toml", '[tool.gradsight]\nignore = ["missing-clipping"]\n');
  client = await LspClient.start();
  await client.open(uriOf("a.py"), UNCLIPPED);
  expect(await severities("a.py")).toEqual([null]);
  await client.changeSettings({ lint: { severity: { "missing-clipping": "warning" } } });
  await client.until(() => client.refreshes === 1);
  expect(await severities("a.py")).toEqual([2]);
});

it("with a mistake is told once, and is as good as none until it is put right", async () => {
  await write("pyproject.toml", '[tool.gradsight]\n\nignore = ["mising-clipping"]\n');
  client = await LspClient.start({ configuration: false, pulls: false });
  for (const name of ["a.py", "sub/b.py"]) {
    await client.open(uriOf(name), UNCLIPPED);
    expect((await client.published(uriOf(name))).diagnostics).toHaveLength(1);
  }
  expect(client.messages).toEqual([
    {
      type: 1,
      message: `Gradsight lints with its defaults. ${join(folder, "pyproject.toml")}:3: ignore: there is no rule "mising-clipping"; did you mean missing-clipping?`,
    },
  ]);

  await write("pyproject.toml", '[tool.gradsight]\nignore = ["missing-clipping"]\n');
  await client.watchedFileChanged(uriOf("pyproject.toml"));
  for (const name of ["a.py", "sub/b.py"]) expect((await client.published(uriOf(name))).diagnostics).toEqual([]);
  expect(client.messages).toHaveLength(1);
});
