import assert from "node:assert/strict";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Uri } from "vscode";
import { findInterpreter } from "../../../extension/python/interpreter.ts";
import { folder, withSetting } from "../editor.ts";

/** A program that answers to --version as told. Stands in for Pythons that this machine doesn't have. */
async function program(name: string, answer: string): Promise<string> {
  const path = join(folder().fsPath, name);
  await writeFile(path, `#!/bin/sh\necho "${answer}"\n`);
  await chmod(path, 0o755);
  return path;
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

  after(async () => {
    await rm(join(folder().fsPath, ".venv"), { recursive: true, force: true });
  });
});
