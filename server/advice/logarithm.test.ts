import { expect, it } from "vitest";
import { logarithm } from "./logarithm.ts";

it("is the natural logarithm of any positive number", () => {
  const values = [1, 1.5, 2, 1 - 2 ** -53, 2 - 2 ** -52, Number.MIN_VALUE, 2 ** -1022, Number.MAX_VALUE];
  for (let exponent = -300; exponent <= 300; exponent += 0.37) values.push(10 ** exponent);
  for (let part = 0; part < 1024; part += 1) values.push(1 + part / 1024);
  for (const value of values) expect(Math.abs(logarithm(value) - Math.log(value)), String(value)).toBeLessThan(2e-6);
});
