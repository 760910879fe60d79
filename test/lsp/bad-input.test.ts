import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LspClient } from "./client.ts";
import { CLIPPED, UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";

/** Pseudo-random bytes, the same every time, as an editor would show them. */
function noise(length: number): string {
  let state = 12345;
  const bytes = Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
  return new TextDecoder().decode(bytes);
}

const TEXTS: Record<string, string> = {
  nothing: "",
  "a byte order mark alone": "\u{feff}",
  "binary noise": noise(20_000),
  "NUL characters": `\0\0${UNCLIPPED}\0`,
  "lone surrogates": `x = "\ud800"\n${UNCLIPPED}`,
  "an unclosed bracket": UNCLIPPED.replace("optimizer.step()", "optimizer.step("),
  "an unclosed string": `"""${UNCLIPPED}`,
  "Python 2": `print "training"\n${UNCLIPPED}exec "x"\n`,
  "a thousand nested brackets": `${"(".repeat(1000)}${")".repeat(1000)}`,
  "deep indentation": Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}if x:`).join("\n"),
  "one very long line": `x = [${"1, ".repeat(50_000)}]\n${UNCLIPPED}`,
  "lone carriage returns": UNCLIPPED.replaceAll("\n", "\r"),
  "50,000 lines": `${"x = model(y)\n".repeat(50_000)}${UNCLIPPED}`,
};

describe("bad input", { timeout: 60_000 }, () => {
  let client: LspClient;
  // One server has to live through it all.
  beforeAll(async () => {
    client = await LspClient.start();
  });
  afterEach(async () => {
    await client.closeAll();
    await client.open("file:///project/sound.py", UNCLIPPED);
    expect(await client.pull("file:///project/sound.py")).toMatchObject([{ code: "missing-clipping" }]);
    await client.closeAll();
  });
  afterAll(async () => {
    expect(await client.stop()).toBe(0);
  });

  for (const [what, text] of Object.entries(TEXTS))
    it(`survives ${what}`, async () => {
      await client.open(URI, text);
      for (const { range, code } of await client.pull(URI)) {
        expect(code).toBeTypeOf("string");
        expect(range.start.line).toBeLessThanOrEqual(range.end.line);
      }
      const all = { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } };
      await client.actions(URI, all);
      await client.hover(URI, { line: 1, character: 1 });
      await client.change(URI, 2, { range: { start: all.end, end: all.end }, text: "\n)" });
      await client.pull(URI);
      expect(client.logs.filter(({ type }) => type === 1)).toEqual([]);
    });

  it("finds what there is behind a byte order mark, tabs, CRLF and 50,000 lines", async () => {
    for (const [index, text] of [
      `\u{feff}${UNCLIPPED}`,
      UNCLIPPED.replaceAll("    ", "\t"),
      UNCLIPPED.replaceAll("\n", "\r\n"),
      TEXTS["50,000 lines"]!,
    ].entries()) {
      await client.open(`${URI}${index}`, text);
      expect(await client.pull(`${URI}${index}`)).toMatchObject([{ code: "missing-clipping" }]);
    }
  });

  it("ignores changes and closings of what is not open, and opens what is open again", async () => {
    await client.change("file:///project/unknown.py", 2, { text: "x" });
    await client.close("file:///project/unknown.py");
    await client.open(URI, UNCLIPPED);
    await client.open(URI, CLIPPED, "python", 1);
    expect(await client.pull(URI)).toEqual([]);
  });

  it("logs what it can't read, and goes on", async () => {
    await client.open(URI, UNCLIPPED);
    await client.connection.sendNotification("textDocument/didChange", { textDocument: { uri: URI, version: 2 } });
    await client.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: URI, version: 2 },
      contentChanges: [{ range: { start: {}, end: { line: "x" } }, text: "x" }],
    });
    await client.connection.sendNotification("textDocument/didOpen", {});
    await client.until(() => client.logs.filter(({ type }) => type === 1).length === 3);
    expect(await client.request("textDocument/diagnostic", {})).toEqual({ kind: "full", items: [] });
    expect(await client.request("textDocument/codeAction", { textDocument: { uri: URI } })).toEqual([]);
    expect(await client.request("textDocument/hover", {})).toBeNull();
    expect(await client.request("workspace/executeCommand", { command: "gradsight.explainRule" })).toBeNull();
    // The text is as it was.
    expect(await client.pull(URI)).toHaveLength(1);
  });

  it("keeps what it could read of a change whose rest it can't", async () => {
    await client.open(URI, UNCLIPPED);
    expect(await client.pull(URI)).toHaveLength(1);
    const clip = { line: UNCLIPPED.split("\n").indexOf("    optimizer.step()"), character: 0 };
    await client.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: URI, version: 2 },
      contentChanges: [
        { range: { start: clip, end: clip }, text: "    nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n" },
        { range: { start: {}, end: {} }, text: "x" },
      ],
    });
    expect(await client.pull(URI)).toEqual([]);
  });
});
