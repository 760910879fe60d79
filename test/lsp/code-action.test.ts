import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type CodeAction, LSPErrorCodes } from "vscode-languageserver-protocol/node";
import type { FixAllResult } from "../../protocol/lsp.ts";
import { applyEdits } from "../../server/text/edits.ts";
import { Positions } from "../../server/text/positions.ts";
import { editsOf, LspClient } from "./client.ts";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";

const applied = (text: string, edit: unknown) => {
  const positions = Positions.of(text, "utf-16");
  const edits = editsOf(edit).edits.map(({ range, newText }) => ({ range: positions.offsets(range), newText }));
  return applyEdits(text, edits);
};
const everything = (text: string) => Positions.of(text, "utf-16").range({ start: 0, end: text.length });
const titled = (actions: CodeAction[], start: string) => actions.find(({ title }) => title.startsWith(start))!;

describe("code actions", () => {
  let client: LspClient;
  beforeAll(async () => {
    client = await LspClient.start();
  });
  afterEach(() => client.closeAll());
  afterAll(() => client.stop());

  it("fix what the diagnostic says, and then it is gone", async () => {
    await client.open(URI, UNCLIPPED);
    const [diagnostic] = await client.pull(URI);
    const [fix] = await client.actions(URI, diagnostic!.range, { diagnostics: [diagnostic!] });
    expect(fix).toMatchObject({ kind: "quickfix", diagnostics: [diagnostic] });
    expect(editsOf(fix!.edit)).toMatchObject({ uri: URI, version: 1 });
    const fixed = applied(UNCLIPPED, fix!.edit);
    expect(fixed).toMatch(
      /loss\.backward\(\)\n {4}\S*clip_grad_norm_\(model\.parameters\(\), .*\)\n {4}optimizer\.step/,
    );

    await client.change(URI, 2, ...editsOf(fix!.edit).edits.map(({ range, newText }) => ({ range, text: newText })));
    expect(await client.pull(URI)).toEqual([]);
    expect(await client.actions(URI, everything(fixed))).toEqual([]);
  });

  it("prefer a fix only when it is safe, since Auto Fix applies it unseen", async () => {
    await client.open(URI, UNCLIPPED);
    for (const action of await client.actions(URI, everything(UNCLIPPED))) expect(action.isPreferred).toBeUndefined();
    await client.change(URI, 2, { text: DEPRECATED });
    const [fix, ...others] = await client.actions(URI, everything(DEPRECATED));
    expect(fix!.isPreferred).toBe(true);
    for (const action of others) expect(action.isPreferred).toBeUndefined();
  });

  it("are there for the place that is asked about, not for others", async () => {
    await client.open(URI, UNCLIPPED);
    const top = { line: 0, character: 0 };
    expect(await client.actions(URI, { start: top, end: top })).toEqual([]);
    const [diagnostic] = await client.pull(URI);
    const { start, end } = diagnostic!.range;
    for (const place of [start, end]) expect(await client.actions(URI, { start: place, end: place })).not.toEqual([]);
  });

  it("come in the kinds asked for", async () => {
    await client.open(URI, DEPRECATED);
    const kinds = async (only?: string[]) => {
      const actions = await client.actions(URI, everything(DEPRECATED), only && { only });
      return [...new Set(actions.map(({ kind }) => kind))];
    };
    expect(await kinds()).toEqual(["quickfix"]);
    expect(await kinds(["quickfix"])).toEqual(["quickfix"]);
    for (const only of ["source", "source.fixAll", "source.fixAll.gradsight"])
      expect(await kinds([only])).toEqual(["source.fixAll.gradsight"]);
    for (const only of ["refactor", "source.organizeImports", "source.fixAll.other"])
      expect(await kinds([only])).toEqual([]);
  });

  it("offer other kinds of clipping at an update, as rewrites", async () => {
    await client.open(URI, UNCLIPPED);
    const line = UNCLIPPED.split("\n").findIndex((text) => text.includes("optimizer.step()"));
    const at = { start: { line, character: 6 }, end: { line, character: 6 } };
    const rewrites = await client.actions(URI, at, { only: ["refactor"] });
    expect(rewrites.map(({ kind }) => kind)).toEqual(Array(3).fill("refactor.rewrite"));
    const [byValue] = rewrites;
    const [edit] = editsOf(byValue!.edit).edits;
    expect(edit?.newText).toContain("clip_grad_value_");
  });

  it("fix on save only what leaves training as it was", async () => {
    const both = `${DEPRECATED}${UNCLIPPED.slice(UNCLIPPED.indexOf("for x"))}`;
    await client.open(URI, both);
    expect((await client.pull(URI)).map(({ code }) => code).sort()).toEqual(["deprecated-clip", "missing-clipping"]);
    const [fixAll] = await client.actions(URI, everything(both), { only: ["source.fixAll.gradsight"] });
    expect(applied(both, fixAll!.edit)).toBe(both.replace("clip_grad_norm(", "clip_grad_norm_("));
  });

  it("offer nothing on save where nothing is safe to fix", async () => {
    await client.open(URI, UNCLIPPED);
    expect(await client.actions(URI, everything(UNCLIPPED), { only: ["source.fixAll"] })).toEqual([]);
  });

  const TWICE = `${UNCLIPPED}${UNCLIPPED.slice(UNCLIPPED.indexOf("for x"))}`;
  const FIX_FILE = "Fix all clipping problems in this file";

  it("fix all of a file at once where there is more than one", async () => {
    await client.open(URI, TWICE);
    const [first] = await client.pull(URI);
    const all = titled(await client.actions(URI, first!.range), FIX_FILE);
    expect(all.edit).toBeUndefined();
    const { edit } = await client.resolve(all);
    await client.change(URI, 2, { text: applied(TWICE, edit) });
    expect(await client.pull(URI)).toEqual([]);

    // What was offered for a text that is gone is refused.
    await expect(client.resolve(all)).rejects.toMatchObject({ code: LSPErrorCodes.ContentModified });
    await client.change(URI, 3, { text: UNCLIPPED });
    expect(titled(await client.actions(URI, everything(UNCLIPPED)), FIX_FILE)).toBeUndefined();
  });

  it("come with their edits for a client that can't ask later", async () => {
    const eager = await LspClient.start({ resolvesCodeActions: false });
    await eager.open(URI, TWICE);
    const [first] = await eager.pull(URI);
    const all = titled(await eager.actions(URI, first!.range), FIX_FILE);
    await eager.change(URI, 2, { text: applied(TWICE, all.edit) });
    expect(await eager.pull(URI)).toEqual([]);
    await eager.stop();
  });

  it("open the page of a rule", async () => {
    await client.open(URI, UNCLIPPED);
    const [diagnostic] = await client.pull(URI);
    const { command } = titled(await client.actions(URI, diagnostic!.range), "Explain missing-clipping");
    expect(client.result.capabilities.executeCommandProvider!.commands).toContain(command!.command);
    await client.request("workspace/executeCommand", command);
    expect(client.shown).toEqual([{ uri: diagnostic!.codeDescription!.href, external: true }]);
  });
});

describe("Suppress", () => {
  let client: LspClient;
  beforeAll(async () => {
    client = await LspClient.start();
  });
  afterEach(() => client.closeAll());
  afterAll(() => client.stop());

  const steps: Record<string, string> = {
    "a plain update": "optimizer.step()",
    "an update with a comment": "optimizer.step()  # the update",
    "an update with blanks behind it": "optimizer.step()  ",
    "an update that already ignores another rule": "optimizer.step()  # gradsight: ignore[unchecked-nonfinite]",
    "an update over several lines": "optimizer.step(\n        closure=None,\n    )",
    "an update behind a backslash": "optimizer \\\n        .step()",
    "two statements on a line": "x = 1; optimizer.step()",
  };
  for (const [what, step] of Object.entries(steps))
    for (const end of ["\n", "\r\n"])
      it(`silences ${what}, lines ending in ${JSON.stringify(end)}`, async () => {
        const text = UNCLIPPED.replace("optimizer.step()", step).replaceAll("\n", end);
        await client.open(URI, text);
        const [diagnostic] = await client.pull(URI);
        const suppress = titled(
          await client.actions(URI, diagnostic!.range),
          "Suppress missing-clipping for this line",
        );
        expect(suppress.diagnostics).toEqual([diagnostic]);
        const silenced = applied(text, suppress.edit);
        expect(silenced.replaceAll(end, "")).not.toMatch(/[\r\n]/);
        await client.change(URI, 2, { text: silenced });
        expect(await client.pull(URI)).toEqual([]);
      });

  it("silences the last line of a file that has no line end", async () => {
    const text = UNCLIPPED.trimEnd();
    await client.open(URI, text);
    const [diagnostic] = await client.pull(URI);
    const suppress = titled(await client.actions(URI, diagnostic!.range), "Suppress");
    expect(applied(text, suppress.edit)).toBe(`${text}  # gradsight: ignore[missing-clipping]`);
  });
});

describe("gradsight/fixAll", () => {
  for (const versionedEdits of [true, false])
    it(`fixes a document, with ${versionedEdits ? "versioned" : "plain"} edits`, async () => {
      const client = await LspClient.start({ versionedEdits });
      await client.open(URI, UNCLIPPED, "python", 3);
      const ask = (unsafe: boolean) => client.request<FixAllResult>("gradsight/fixAll", { uri: URI, unsafe });
      expect(await ask(false)).toEqual({ edit: {}, count: 0 });
      const { edit, count } = await ask(true);
      expect(count).toBe(1);
      expect(editsOf(edit).version).toBe(versionedEdits ? 3 : undefined);
      await client.change(URI, 4, { text: applied(UNCLIPPED, edit) });
      expect(await client.pull(URI)).toEqual([]);
      expect(await ask(true)).toEqual({ edit: {}, count: 0 });

      await client.change(URI, 5, { text: DEPRECATED });
      expect(applied(DEPRECATED, (await ask(false)).edit)).toBe(CLIPPED);
      await client.stop();
    });

  it("answers nothing for a file that it can't read, and refuses what is no request", async () => {
    const client = await LspClient.start();
    expect(await client.request("gradsight/fixAll", { uri: "file:///nowhere/a.py", unsafe: true })).toEqual({
      edit: {},
      count: 0,
    });
    expect(client.logs.at(-1)!.message).toContain("no such file");
    await expect(client.request("gradsight/fixAll", { uri: URI })).rejects.toThrow("unsafe");
    await client.stop();
  });
});
