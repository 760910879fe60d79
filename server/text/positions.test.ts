import { describe, expect, it } from "vitest";
import { type PositionEncoding, Positions } from "./positions.ts";

// x = "é", ", 1 BMP character of 3 UTF-8 bytes, 1 astral character
const TEXT = 'a = 1\r\nx = "é→𝛁"  # y\nlast';
const HASH = TEXT.indexOf("#");

describe("Positions", () => {
  const columns: Record<PositionEncoding, number> = { "utf-8": 17, "utf-16": 12, "utf-32": 11 };
  for (const [encoding, character] of Object.entries(columns) as [PositionEncoding, number][]) {
    it(`counts columns in ${encoding}`, () => {
      const positions = Positions.of(TEXT, encoding);
      expect(positions.positionAt(HASH)).toEqual({ line: 1, character });
      expect(positions.offsetAt({ line: 1, character })).toBe(HASH);
    });

    it(`goes there and back at every character in ${encoding}`, () => {
      const positions = Positions.of(TEXT, encoding);
      let offset = 0;
      for (const character of TEXT) {
        // The place between \r and \n has no position of its own.
        if (character !== "\n" || TEXT[offset - 1] !== "\r")
          expect(positions.offsetAt(positions.positionAt(offset))).toBe(offset);
        offset += character.length;
      }
    });

    it(`clamps to the end of the line and of the text in ${encoding}`, () => {
      const positions = Positions.of(TEXT, encoding);
      expect(positions.offsetAt({ line: 0, character: 99 })).toBe(5);
      expect(positions.offsetAt({ line: 99, character: 0 })).toBe(TEXT.length);
      expect(positions.offsetAt({ line: -1, character: -1 })).toBe(0);
    });
  }

  it("takes a column inside a character as the character's start", () => {
    const start = TEXT.indexOf("→");
    const positions = Positions.of(TEXT, "utf-8");
    const { line, character } = positions.positionAt(start);
    expect(positions.offsetAt({ line, character: character + 1 })).toBe(start);
    expect(positions.offsetAt({ line, character: character + 2 })).toBe(start);
    expect(positions.offsetAt({ line, character: character + 3 })).toBe(start + 1);
  });

  it("puts a reversed range in order", () => {
    const positions = Positions.of(TEXT, "utf-16");
    expect(positions.offsets({ start: { line: 0, character: 3 }, end: { line: 0, character: 1 } })).toEqual({
      start: 1,
      end: 3,
    });
  });

  it("refuses what is not a position", () => {
    const positions = Positions.of(TEXT, "utf-16");
    expect(() => positions.offsetAt({ line: 0, character: Number.NaN })).toThrow(RangeError);
    expect(() => positions.offsetAt({} as never)).toThrow(RangeError);
  });
});
