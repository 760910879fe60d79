import { describe, expect, it } from "vitest";
import { rulesFound } from "../../../../test/analysis/analyser.ts";

const PLAIN = "opt = Adam(1e-3)";
const CLIPS = "opt = Adam(1e-3, global_clipnorm=1.0)";

/** A model that is fitted with what `opt` is in the end. */
const fitted = (code: string) => `import keras
from keras.optimizers import Adam
model = keras.Sequential([keras.layers.LSTM(8)])
${code}
model.compile(optimizer=opt, loss="mse")
model.fit(x, y)
`;

const choice = (first: string, second: string, test = "args.fast") => `if ${test}:
    ${first}
else:
    ${second}`;

const nested = `if args.fast:
    ${PLAIN}
elif args.slow:
    try_out = 1
    if args.small:
        ${PLAIN}
    else:
        ${PLAIN}
else:
    raise ValueError(args)`;

describe("a name that is bound again", () => {
  it.each([
    ["at once", PLAIN],
    ["in either branch", choice(PLAIN, PLAIN)],
    ["in each of several, of which one leaves", nested],
    [
      "in a branch around the branches",
      `if True:\n    ${choice(PLAIN, PLAIN).replaceAll("\n", "\n    ")}\nelse:\n    ${PLAIN}`,
    ],
  ])("%s is no longer what it was", (_, code) => {
    expect(rulesFound(fitted(`${CLIPS}\n${code}`))).toContain("missing-clipping");
    expect(rulesFound(fitted(`${PLAIN}\n${code.replaceAll(PLAIN, CLIPS)}`))).toEqual([]);
  });

  it.each([
    ["in one branch", `if args.fast:\n    ${PLAIN}`],
    ["in one of two", choice(PLAIN, "print(1)")],
    ["in a loop, which may not run", `for _ in items:\n    ${choice(PLAIN, PLAIN).replaceAll("\n", "\n    ")}`],
    ["in a branch's loop", choice(PLAIN, `for _ in items:\n        ${PLAIN}`)],
  ])("%s may still be what it was", (_, code) => {
    expect(rulesFound(fitted(`${CLIPS}\n${code}`))).toEqual([]);
  });

  it("in either branch of a function is no longer what it was given", () => {
    const built = (body: string) => `def build(opt):
    ${body.replaceAll("\n", "\n    ")}
    return opt
opt = build(Adam(1e-3, global_clipnorm=1.0))`;
    expect(rulesFound(fitted(built(choice(PLAIN, PLAIN))))).toContain("missing-clipping");
    expect(rulesFound(fitted(built(choice(PLAIN, "print(1)"))))).toEqual([]);
  });
});
