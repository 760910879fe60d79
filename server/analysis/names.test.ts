/**
 * Names must not decide: a script whose variables, functions, classes and attributes are called otherwise, and whose
 * imports are spelled otherwise, gets the same findings at the same places, and fixes that mean the same.
 */
import { describe, expect, it } from "vitest";
import { analyser, fixAll, lint } from "../../test/analysis/analyser.ts";
import { canonical, python, type Respelled, respell } from "../../test/analysis/respell.ts";
import { SCRIPTS, type Script } from "../../test/analysis/scripts.ts";

/** Names that say nothing, and names that say what is not so. */
const NEUTRAL = words(["alpha", "brick", "cloud", "delta", "ember", "flint", "grove", "haven"], ["", "_b", "2", "Box"]);
const MISLEADING = words(
  ["scheduler", "env", "profiler", "logger", "timer", "loss_fn", "sampler", "save", "callback", "metric"],
  ["", "_a", "_b", "X"],
);

function words(stems: readonly string[], ends: readonly string[]): string[] {
  return stems.flatMap((stem) => ends.map((end) => stem + end));
}

const FIRST = Number(process.env.GRADSIGHT_SOAK_SEED ?? 0);
const SEEDS = Array.from({ length: 3 * Number(process.env.GRADSIGHT_SOAK_FACTOR ?? 1) }, (_, n) => FIRST + n);
const cases = SCRIPTS.flatMap((script) =>
  SEEDS.map((seed) => ({ script, seed, words: seed % 3 === 2 ? MISLEADING : NEUTRAL })),
);

interface Compared {
  readonly script: Script;
  readonly seed: number;
  readonly respelled: Respelled;
  /** Not of what was collected, of which only the findings are compared. */
  readonly fixed: { readonly before: string | null; readonly after: string | null } | null;
}

function compared(): Compared[] {
  const respelled = respell(cases.map(({ script, seed, words }) => ({ text: script.text, seed, words })));
  const all = cases.map(({ script, seed }, index) => ({ script, seed, respelled: respelled[index] as Respelled }));
  const whole = all.filter(({ script }) => !script.collected);
  const before = canonical(whole.map(({ script }) => ({ text: fixAll(script.text) })));
  const after = canonical(whole.map(({ respelled: { text, names } }) => ({ text: fixAll(text), names })));
  const fixed = new Map(
    whole.map((one, index) => [one, { before: before[index] ?? null, after: after[index] ?? null }] as const),
  );
  return all.map((one) => ({ ...one, fixed: fixed.get(one) ?? null }));
}

function found(text: string, place: Respelled["place"]) {
  const module = analyser.open(text);
  const findings = module.lint().map(({ rule, severity, range, related, fix }) => ({
    rule,
    severity,
    range: place(range),
    // What says which network it is may be an import or a call, as the script has it.
    related: related.filter(({ message }) => !message.includes("is usual here")).map((other) => place(other.range)),
    fix: fix?.applicability ?? null,
  }));
  module.dispose();
  return findings;
}

describe.skipIf(!python)("with other names and imports", () => {
  it.each((python ? compared() : []).map((one) => [one.script.name, one.seed, one] as const))(
    "%s, seed %i",
    (_, __, { script, respelled, fixed }) => {
      const { text } = respelled;
      const [before, after] = [found(script.text, respelled.place), found(text, (range) => range)];
      // What other tests analyse rests on conventions in places: there a name may silence, but not alarm.
      if (!fixed) {
        const places = before.map(({ rule, range }) => `${rule} ${range.start}`);
        expect(places, text).toEqual(expect.arrayContaining(after.map(({ rule, range }) => `${rule} ${range.start}`)));
        return;
      }
      expect(after, text).toEqual(before);
      expect(fixed.before).not.toBeNull();
      expect(fixed.after, fixAll(text)).toEqual(fixed.before);
    },
  );
});

/** What nothing else in a file says: found under the name on the left, silent or said less loudly under the other. */
describe("leaves to names only", () => {
  const said = (text: string) => lint(text).map(({ rule, severity }) => `${rule}: ${severity}`);
  const loop = (before: string, after = "") => `import torch
${before}
opt = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
${after}
opt.step()
`;
  const passed = (name: string) => `import torch
def update(model, ${name}, loss):
    loss.backward()
    ${name}.step()
`;
  const inFunction = (name: string) => `import torch
def ${name}():
    net = torch.nn.LSTM(8, 8)
    opt = torch.optim.SGD(net.parameters(), lr=1)
    net(x)[0].sum().backward()
    opt.step()
`;
  const inTrainer = (setting: string) => `import torch
class Trainer:
    def __init__(self, model, ${setting}=1.0):
        self.opt = torch.optim.SGD(model.parameters(), lr=1)
    def fit(self, loss):
        loss.backward()
        self.opt.step()
`;
  it.each<[string, string, string, string[], string[]]>([
    [
      "that a parameter which nobody fills, and which is never cleared, is an optimizer",
      passed("optimizer"),
      passed("thing"),
      ["missing-clipping: information"],
      [],
    ],
    [
      "which network is written by hand",
      loop("class CausalAttention(torch.nn.Module): ..."),
      loop("class Layer(torch.nn.Module): ..."),
      ["missing-clipping: warning"],
      ["missing-clipping: information"],
    ],
    [
      "that a function is a test",
      inFunction("train_lstm"),
      inFunction("test_lstm"),
      ["missing-clipping: warning"],
      ["missing-clipping: information"],
    ],
    [
      "that a setting is one for clipping",
      inTrainer("gradient_clip_val"),
      inTrainer("amount"),
      ["unused-clip-setting: warning", "missing-clipping: information"],
      ["missing-clipping: information"],
    ],
    [
      "that a function of a module which can't be seen clips, though it is given nothing",
      loop("from elsewhere import shrink", "shrink(loss)"),
      loop("from elsewhere import clip_gradients", "clip_gradients(loss)"),
      ["missing-clipping: information"],
      [],
    ],
  ])("%s", (_, named, renamed, before, after) => {
    expect(said(named)).toEqual(before);
    expect(said(renamed)).toEqual(after);
  });
});
