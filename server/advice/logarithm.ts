/** Where the table has a value: in the middle of each of so many equal parts of [1, 2). */
const PARTS = 256;
const middle = (part: number): number => 1 + (part + 0.5) / PARTS;
/** ln c - 1 for each such c, and 1 / c. */
const LOGARITHMS = Float64Array.from({ length: PARTS }, (_, part) => Math.log(middle(part)) - 1);
const INVERSES = Float64Array.from({ length: PARTS }, (_, part) => 1 / middle(part));

const double = new Float64Array(1);
/** The same bits, the lower half first. */
const halves = new Uint32Array(double.buffer);

/**
 * The natural logarithm of a positive, finite number, to an error of 2e-6, for what takes millions of them a second: that of the next
 * number c in a table, and the first term of the series from there, ln x = ln c + (x - c) / c.
 */
export function logarithm(value: number): number {
  double[0] = value;
  const upper = halves[1]!;
  const exponent = upper >>> 20;
  // Of numbers below 2^-1022 the exponent is none.
  if (exponent === 0) return Math.log(value);
  halves[1] = (upper & 0xfffff) | 0x3ff00000;
  const part = (upper >>> 12) & (PARTS - 1);
  return (exponent - 1023) * Math.LN2 + LOGARITHMS[part]! + double[0]! * INVERSES[part]!;
}
