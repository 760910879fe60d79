import assert from "node:assert/strict";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { extensions, Uri } from "vscode";
import { findInterpreter } from "../../../extension/python/interpreter.ts";
import { activate, closeAll, folder, script as open, rule, untilFindings, withSetting } from "../editor.ts";

/** A program that answers to --version as told. Stands in for Pythons that this machine doesn't have. */
async function program(name: string, answer: string): Promise<string> {
  const path = join(folder().fsPath, name);
  await writeFile(path, `#!/bin/sh\necho "${answer}"\n`);
  await chmod(path, 0o755);
  return path;
}

/** DeepSpeed clips by default from 0.19.3 on. */
const CLIPPED_BY_DEFAULT = `import deepspeed

config = {"train_batch_size": 8}
engine, _, _, _ = deepspeed.initialize(model=model, config=config)
for batch in batches:
    engine.backward(engine(batch))
    engine.step()
`;

async function pythonExtension(): Promise<(interpreter: string) => void> {
  const extension = extensions.getExtension<{ select(interpreter: string): void }>("ms-python.python");
  if (!extension) throw new Error("nothing stands in for the Python extension");
  return (await extension.activate()).select;
}

describe("the interpreter", () => {
  const script = () => Uri.joinPath(folder(), "train.py");
  before(function () {
    if (process.platform === "win32") this.skip(); // the stand-ins are shell scripts
  });

  it("is found without any setting", async () => {
    const found = await findInterpreter(script());
    assert.ok("ok" in found, JSON.stringify(found));
  });

  it("is named when it does not exist", async () => {
    await withSetting("python.interpreter", "/nowhere/python", async () => {
      const found = await findInterpreter(script());
      assert.ok("err" in found && found.err.includes("/nowhere/python") && found.err.includes("no such file"));
    });
  });

  it("is refused when it is too old, and when it is no Python", async () => {
    const old = await program("old-python", "Python 3.8.20");
    await withSetting("python.interpreter", old, async () => {
      const found = await findInterpreter(script());
      assert.ok("err" in found && found.err.includes("Python 3.8") && found.err.includes("3.9"));
    });
    const other = await program("not-python", "ready.");
    await withSetting("python.interpreter", other, async () => {
      const found = await findInterpreter(script());
      assert.ok("err" in found && found.err.includes("--version"));
    });
  });

  it("is the workspace's .venv rather than the PATH's, and the setting's before both", async () => {
    await mkdir(join(folder().fsPath, ".venv", "bin"), { recursive: true });
    const venv = await program(join(".venv", "bin", "python"), "Python 3.12.0");
    assert.deepEqual(await findInterpreter(script()), { ok: venv });
    const mine = await program("my python", "Python 3.13.1");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's own variable, as users write it in settings
    for (const spelling of [mine, "./my python", "${workspaceFolder}/my python"])
      await withSetting("python.interpreter", spelling, async () =>
        assert.deepEqual(await findInterpreter(script()), { ok: mine }),
      );
  });

  it("is followed as it is selected in the Python extension, without an edit", async () => {
    await activate();
    const select = await pythonExtension();
    const environment = async (version: string) => {
      const path = join(folder().fsPath, `deepspeed-${version}`);
      const installed = join(path, "lib", "python3.12", "site-packages", `deepspeed-${version}.dist-info`);
      await mkdir(installed, { recursive: true });
      return join(path, "bin", "python");
    };
    const document = await open("deepspeed_default.py", CLIPPED_BY_DEFAULT);
    select(await environment("0.19.2"));
    await untilFindings(document, ([first]) => first !== undefined && rule(first) === "missing-clipping");
    select(await environment("0.19.3"));
    await untilFindings(document, (list) => list.length === 0);
    select("");
    await closeAll();
  });

  after(async () => {
    await rm(join(folder().fsPath, ".venv"), { recursive: true, force: true });
  });
});
