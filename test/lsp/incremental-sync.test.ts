import { expect, it } from "vitest";
import { type PositionEncoding, Positions } from "../../server/text/positions.ts";
import { LspClient } from "./client.ts";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";
const FRESH = "file:///project/fresh.py";
const PIECES = ["", "\n", "\r\n", "x", "(", '"', "𝛁", "→é", "    ", "# ", "optimizer.step()\n", UNCLIPPED, DEPRECATED];

/** Pseudo-random numbers, the same every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const encoding of ["utf-8", "utf-16", "utf-32"] satisfies PositionEncoding[])
  it(`finds after many random edits what it finds in the whole text, in ${encoding}`, { timeout: 60_000 }, async () => {
    const client = await LspClient.start({ positionEncodings: [encoding] });
    const next = random(7);
    let text = CLIPPED;
    let found = 0;
    await client.open(URI, text);
    for (let version = 2; version < 200; version++) {
      // Whole lines or a few characters, here and there replaced by a script, so that it stays one.
      const start = next(text.length + 1);
      const length = next(4) === 0 ? next(40) : next(3);
      const newText = PIECES[next(PIECES.length)]!;
      const positions = Positions.of(text, encoding);
      const range = positions.range({ start, end: Math.min(text.length, start + length) });
      const offsets = positions.offsets(range);
      text = text.slice(0, offsets.start) + newText + text.slice(offsets.end);
      await client.change(URI, version, { range, text: newText });
      if (version % 10 !== 0) continue;
      await client.open(FRESH, text);
      const whole = JSON.parse(JSON.stringify(await client.pull(FRESH)).replaceAll(FRESH, URI));
      expect(await client.pull(URI)).toEqual(whole);
      found += whole.length;
    }
    expect(found).toBeGreaterThan(20);
    expect(client.logs.filter(({ type }) => type === 1)).toEqual([]);
    expect(await client.stop()).toBe(0);
  });
