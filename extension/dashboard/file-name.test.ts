import { expect, test } from "vitest";
import { suggestedName } from "./file-name.ts";

test.each([
  ["train.py --lr 0.1 loss", "train.py-lr-0.1-loss.png"],
  ["../../etc/passwd", "etc-passwd.png"],
  ['<img src="x">', "img-src-x.png"],
  ["größe 梯度", "größe-梯度.png"],
  ["...", "chart.png"],
  ["x".repeat(300), `${"x".repeat(80)}.png`],
])("%s", (name, file) => {
  expect(suggestedName(name, "png")).toBe(file);
});
