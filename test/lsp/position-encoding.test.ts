import { afterEach, describe, expect, it } from "vitest";
import { applyEdits } from "../../server/text/edits.ts";
import { type PositionEncoding, Positions } from "../../server/text/positions.ts";
import { editsOf, LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";
/** Two astral characters, one of three UTF-8 bytes and one of two stand before the update on its line. */
const ASTRAL = UNCLIPPED.replace("    optimizer.step()", '    name = "𝛁𝛁→é"; optimizer.step()');
const AT = ASTRAL.indexOf("optimizer.step()");

describe("position encoding", () => {
  let client: LspClient;
  afterEach(() => client.stop());

  const cases: [string, string[] | undefined, PositionEncoding][] = [
    ["falls back to utf-16", undefined, "utf-16"],
    ["is utf-16 where the client has nothing else", ["utf-16"], "utf-16"],
    ["is the client's first choice: utf-8", ["utf-8", "utf-16"], "utf-8"],
    ["is the client's first choice: utf-32", ["utf-32", "utf-8"], "utf-32"],
    ["passes over what it does not know", ["utf-7", "utf-32"], "utf-32"],
  ];
  for (const [what, positionEncodings, encoding] of cases)
    it(what, async () => {
      client = await LspClient.start(positionEncodings ? { positionEncodings } : {});
      expect(client.result.capabilities.positionEncoding).toBe(encoding);

      const positions = Positions.of(ASTRAL, encoding);
      await client.open(URI, ASTRAL);
      const [diagnostic] = await client.pull(URI);
      const range = positions.range({ start: AT, end: AT + "optimizer.step()".length });
      expect(diagnostic!.range).toEqual(range);

      // A change behind the astral characters lands where it should: the name of the update is broken, and mended.
      const name = positions.range({ start: AT, end: AT + "optimizer".length });
      await client.change(URI, 2, { range: name, text: "nothing" });
      expect(await client.pull(URI)).toEqual([]);
      const end = { line: name.start.line, character: name.start.character + "nothing".length };
      await client.change(URI, 3, { range: { start: name.start, end }, text: "optimizer" });
      expect((await client.pull(URI))[0]!.range).toEqual(range);

      // And so does an edit that comes back.
      const actions = await client.actions(URI, range);
      const suppress = actions.find(({ title }) => title.startsWith("Suppress"));
      const edits = editsOf(suppress!.edit).edits.map((edit) => ({
        range: positions.offsets(edit.range),
        newText: edit.newText,
      }));
      expect(applyEdits(ASTRAL, edits)).toContain("optimizer.step()  # gradsight: ignore[missing-clipping]\n");
    });
});
