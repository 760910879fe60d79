import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  CancellationTokenSource,
  type Diagnostic,
  ErrorCodes,
  LSPErrorCodes,
} from "vscode-languageserver-protocol/node";
import { LspClient } from "./client.ts";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";
const rules = (diagnostics: Diagnostic[]) => diagnostics.map(({ code }) => code);
const STEP = UNCLIPPED.split("\n").indexOf("    optimizer.step()");
const CLIP_LINE = "    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n";

describe("diagnostics, pulled", () => {
  let client: LspClient;
  beforeAll(async () => {
    client = await LspClient.start();
  });
  afterEach(() => client.closeAll());
  afterAll(async () => {
    expect(await client.stop()).toBe(0);
  });

  it("says what is missing, where, and where to read on", async () => {
    await client.open(URI, UNCLIPPED);
    const [diagnostic, ...others] = await client.pull(URI);
    expect(others).toEqual([]);
    expect(diagnostic).toMatchObject({
      code: "missing-clipping",
      source: "gradsight",
      severity: 2,
      range: { start: { line: STEP, character: 4 }, end: { line: STEP, character: 20 } },
      codeDescription: { href: expect.stringMatching(/^https:\/\/.*missing-clipping/) },
    });
    expect(diagnostic!.message).not.toBe("");
    expect(diagnostic!.relatedInformation!.length).toBeGreaterThan(0);
    for (const { location, message } of diagnostic!.relatedInformation!) {
      expect(location.uri).toBe(URI);
      expect(message).not.toBe("");
    }
  });

  it("follows every keystroke", async () => {
    await client.open(URI, UNCLIPPED);
    const clip = CLIP_LINE;
    let at = { line: STEP, character: 0 };
    let version = 1;
    for (const text of clip) {
      await client.change(URI, ++version, { range: { start: at, end: at }, text });
      at = text === "\n" ? { line: at.line + 1, character: 0 } : { line: at.line, character: at.character + 1 };
    }
    expect(await client.pull(URI)).toEqual([]);
    await client.change(URI, ++version, {
      range: { start: { line: STEP, character: 0 }, end: { line: STEP + 1, character: 0 } },
      text: "",
    });
    expect(rules(await client.pull(URI))).toEqual(["missing-clipping"]);
  });

  it("takes several changes in one message, each in what the one before left", async () => {
    await client.open(URI, UNCLIPPED);
    const start = { line: STEP, character: 0 };
    await client.change(
      URI,
      2,
      { range: { start, end: start }, text: "    pass\n" },
      { range: { start, end: { line: STEP + 1, character: 0 } }, text: CLIP_LINE },
    );
    expect(await client.pull(URI)).toEqual([]);
  });

  it("takes a whole new text", async () => {
    await client.open(URI, UNCLIPPED);
    await client.change(URI, 2, { text: CLIPPED });
    expect(await client.pull(URI)).toEqual([]);
  });

  it("drops a change to a version that has passed", async () => {
    await client.open(URI, UNCLIPPED, "python", 7);
    await client.change(URI, 6, { text: "" });
    expect(rules(await client.pull(URI))).toEqual(["missing-clipping"]);
    expect(client.logs.map(({ message }) => message).join()).toContain("dropped");
  });

  it("tags what is deprecated", async () => {
    await client.open(URI, DEPRECATED);
    const [diagnostic] = await client.pull(URI);
    expect(diagnostic).toMatchObject({ code: "deprecated-clip", tags: [2] });
  });

  it("has nothing to say of a document that is closed, or is no Python", async () => {
    await client.open(URI, UNCLIPPED);
    expect(await client.pull(URI)).toHaveLength(1);
    await client.close(URI);
    expect(await client.pull(URI)).toEqual([]);
    await client.open("file:///project/train.txt", UNCLIPPED, "plaintext");
    expect(await client.pull("file:///project/train.txt")).toEqual([]);
    await client.open("vscode-notebook-cell:/project/train.ipynb#1", UNCLIPPED);
    expect(await client.pull("vscode-notebook-cell:/project/train.ipynb#1")).toEqual([]);
  });

  /** A pull that has begun, and waits for the settings until it is let go. */
  async function pullHeld() {
    let release!: () => void;
    client.holdSettings(
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    const { asked } = client;
    const source = new CancellationTokenSource();
    const params = { textDocument: { uri: URI } };
    const pulled = client.connection.sendRequest("textDocument/diagnostic", params, source.token);
    await client.until(() => client.asked > asked);
    return { pulled, release, cancel: () => source.cancel() };
  }

  /** Messages are read in order: once this is answered, all that went before has been read. */
  async function allRead() {
    await expect(client.request("gradsight/none", {})).rejects.toMatchObject({ code: ErrorCodes.MethodNotFound });
  }

  it("can be cancelled", async () => {
    await client.open(URI, UNCLIPPED);
    const { pulled, release, cancel } = await pullHeld();
    cancel();
    await allRead();
    release();
    await expect(pulled).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
    expect(await client.pull(URI)).toHaveLength(1);
  });

  it("asks to be asked again when the text changed meanwhile", async () => {
    await client.open(URI, UNCLIPPED);
    const { pulled, release } = await pullHeld();
    await client.change(URI, 2, { text: CLIPPED });
    await allRead();
    release();
    await expect(pulled).rejects.toMatchObject({
      code: LSPErrorCodes.ServerCancelled,
      data: { retriggerRequest: true },
    });
    expect(await client.pull(URI)).toEqual([]);
  });
});

describe("diagnostics, pushed", () => {
  let client: LspClient;
  beforeEach(async () => {
    client = await LspClient.start({ pulls: false });
    expect(client.result.capabilities.diagnosticProvider).toBeUndefined();
  });
  afterEach(async () => {
    expect(await client.stop()).toBe(0);
  });

  it("come with the version that they are of, and are cleared on close", async () => {
    await client.open(URI, UNCLIPPED);
    const opened = await client.published(URI);
    expect(opened.version).toBe(1);
    expect(rules(opened.diagnostics)).toEqual(["missing-clipping"]);
    await client.change(URI, 2, { text: CLIPPED });
    expect(await client.published(URI)).toEqual({ uri: URI, version: 2, diagnostics: [] });
    await client.change(URI, 3, { text: UNCLIPPED });
    expect((await client.published(URI)).diagnostics).toHaveLength(1);
    await client.close(URI);
    expect(await client.published(URI)).toEqual({ uri: URI, diagnostics: [] });
  });

  it("are those of the last of many changes", async () => {
    await client.open(URI, UNCLIPPED);
    for (let version = 2; version <= 50; version++)
      await client.change(URI, version, { text: version === 50 ? CLIPPED : UNCLIPPED });
    let last = await client.published(URI);
    while (last.version !== 50) last = await client.published(URI);
    expect(last.diagnostics).toEqual([]);
    expect(client.pending).toBe(0);
  });
});
