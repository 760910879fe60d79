/**
 * Names must not decide: a script whose variables, functions, classes and attributes are called otherwise, and whose
 * imports are spelled otherwise, gets the same findings at the same places, and fixes that mean the same.
 */
import { describe, expect, it } from "vitest";
import { analyser, fixAll } from "../../test/analysis/analyser.ts";
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

/**
 * What is left to names, since nothing else in the file says it. Each is silent, or information rather than a warning,
 * under another name.
 */
const CONVENTIONS: Readonly<Record<string, string>> = {};

const FIRST = Number(process.env.GRADSIGHT_SOAK_SEED ?? 0);
const SEEDS = Array.from({ length: 3 * Number(process.env.GRADSIGHT_SOAK_FACTOR ?? 1) }, (_, n) => FIRST + n);
const cases = SCRIPTS.filter(({ name }) => !(name in CONVENTIONS)).flatMap((script) =>
  SEEDS.map((seed) => ({ script, seed, words: seed % 3 === 2 ? MISLEADING : NEUTRAL })),
);

interface Compared {
  readonly script: Script;
  readonly seed: number;
  readonly respelled: Respelled;
  readonly fixed: { readonly before: string | null; readonly after: string | null };
}

function compared(): Compared[] {
  const respelled = respell(cases.map(({ script, seed, words }) => ({ text: script.text, seed, words })));
  const before = canonical(cases.map(({ script }) => ({ text: fixAll(script.text) })));
  const after = canonical(respelled.map(({ text, names }) => ({ text: fixAll(text), names })));
  return cases.map(({ script, seed }, index) => ({
    script,
    seed,
    respelled: respelled[index] as Respelled,
    fixed: { before: before[index] ?? null, after: after[index] ?? null },
  }));
}

function found(text: string, place: Respelled["place"]) {
  const module = analyser.open(text);
  const findings = module.lint().map(({ rule, severity, range, related, fix }) => ({
    rule,
    severity,
    range: place(range),
    related: related.map((other) => place(other.range)),
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
      expect(
        found(text, (range) => range),
        text,
      ).toEqual(found(script.text, respelled.place));
      expect(fixed.before).not.toBeNull();
      expect(fixed.after, fixAll(text)).toEqual(fixed.before);
    },
  );
});
