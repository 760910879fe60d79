import { type Guard, guardsOf, mentions, partsOf, passes } from "../facts/derived/guards.ts";
import type { KnownThreshold } from "../facts/derived/threshold.ts";
import { sourceOfThreshold, type Threshold, thresholdsOf } from "../facts/derived/thresholds.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
A threshold that is no threshold where it reaches the clip: zero, a negative number, NaN or \`None\`. And a condition such
as \`if args.clip >= 0\` that lets zero through to a clip which does not take it for "off".

## Why it is bad
A threshold of zero does not switch \`torch.nn.utils.clip_grad_norm_\` off: it sets every gradient to zero, and nothing is
learned, without a word. A negative one turns every gradient around, NaN makes all of them NaN, and \`None\` raises a
\`TypeError\`. Lightning, Keras, DeepSpeed and the Trainer of Hugging Face do take zero for "off"; there it is no finding.

## Examples
Wrong:
\`\`\`python
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--clip", type=float, default=-1, help="maximal norm of the gradients")
args = parser.parse_args()

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    if args.clip >= 0:
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--clip", type=float, default=-1, help="maximal norm of the gradients")
args = parser.parse_args()

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    if args.clip > 0:
        torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the condition no longer lets zero through, which then leaves the gradients as they are. Which number was meant
where one is wrong, only you know.

## When it is silent
\`float("inf")\`, which clips nothing and only measures; a default of zero behind a condition that keeps it out
(\`if args.clip:\`); a parameter's default of \`None\`, which may only say that a number has to be given; a number that
can't be followed.

## Sources
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
`;

export const invalidThreshold: Rule = {
  name: "invalid-threshold",
  title: "The threshold is no number that gradients can be clipped to",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Fabric"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const threshold of thresholdsOf(facts)) {
      if (reported.has(threshold.place) || threshold.kind === "unknown" || threshold.kind === "adaptive") continue;
      const finding = wrongNumber(facts, threshold) ?? laxGuard(facts, threshold);
      if (!finding) continue;
      reported.add(threshold.place);
      yield finding;
    }
  },
};

function wrongNumber(facts: Facts, threshold: Threshold): Reported | null {
  const source = sourceOfThreshold(facts, threshold);
  if ("unknown" in source || isToBeGiven(source)) return null;
  const effect = effectOf(source.value, threshold);
  if (!effect || !reaches(facts, threshold, source)) return null;
  const there = source.literal !== threshold.node;
  const written = source.value ?? "None";
  const name = `\`${sourceOf(facts, threshold.node)}\``;
  return {
    severity: "warning",
    message: there
      ? `${name} is ${written}${source.isDefault ? " by default" : ""}: ${effect}.`
      : `A threshold of ${written}: ${effect}.`,
    range: rangeOf(threshold.place),
    related: there ? [{ range: rangeOf(source.literal), message: "The threshold comes from here" }] : [],
    fix: null,
  };
}

/** `def __init__(self, model, max_norm=None)` that nothing here calls: whoever does gives a number, or hears of it at once. */
const isToBeGiven = ({ value, isDefault, flag }: KnownThreshold) => value === null && isDefault && flag === undefined;

function effectOf(value: number | null, { kind, zeroIsOff, clip }: Threshold): string | null {
  if (value === 0) return zeroIsOff ? null : "every gradient becomes zero, and nothing is learned";
  // What constructors, and functions that return clipped gradients, make of these differs from one framework to the next.
  if (!clip || clip.gradients || zeroIsOff) return null;
  if (value === null) return "the clip raises a `TypeError`";
  if (Number.isNaN(value)) return "every gradient becomes NaN";
  if (value > 0) return null;
  return kind === "value"
    ? `every component of the gradients becomes ${value}`
    : "every gradient is turned around, and the update goes uphill";
}

/** The number gets to the clip: no condition on the way keeps it out, or may. */
function reaches(facts: Facts, subject: Threshold, source: KnownThreshold): boolean {
  return guardsOf(facts, { ...subject, node: subject.place }).every((guard) => {
    const through = passes(facts, guard, { subject, value: source.value });
    // A condition that can't be told may be what goes with a default; a number that is always there reaches it some time.
    return through ?? (!source.isDefault && !mentions(facts, guard, subject));
  });
}

/** `if clip >= 0:`, which keeps negative numbers out, but not zero. */
function laxGuard(facts: Facts, subject: Threshold): Reported | null {
  if (subject.zeroIsOff || !subject.clip) return null;
  const guards = guardsOf(facts, { ...subject, node: subject.place }).flatMap(partsOf);
  if (!guards.some(isOrder)) return null;
  const source = sourceOfThreshold(facts, subject);
  if ("literal" in source && !source.isDefault) return null;
  const through = (guard: Guard, value: number) => passes(facts, guard, { subject, value });
  if (guards.some((guard) => through(guard, 0) === false)) return null;
  const lax = guards.find((guard) => isOrder(guard) && through(guard, 0) && through(guard, -1) === false);
  if (!lax?.test) return null;
  return {
    severity: "warning",
    message: `\`${sourceOf(facts, lax.test)}\` lets a threshold of 0 through to the clip, which then sets every gradient to zero.`,
    range: rangeOf(lax.test),
    related: [{ range: rangeOf(subject.place), message: "The clip" }],
    fix: fix(facts, lax),
  };
}

const isOrder = ({ test }: Guard) => test?.kind === "binary" && /^[<>]=?$/.test(test.operator);

/** `>` for `>=`: the same comparison without its boundary, or with it in `if clip < 0: return`. */
function fix(facts: Facts, { test }: Guard): Fix | null {
  if (test?.kind !== "binary") return null;
  const { left, right, operator } = test;
  const isZero = [left, right].some((side) => side.kind === "number" && side.value === 0);
  const between = facts.text.slice(rangeOf(left).end, rangeOf(right).start);
  const at = between.indexOf(operator);
  if (!isZero || at === -1 || between.includes("#")) return null;
  const start = rangeOf(left).end + at;
  const strict = operator.endsWith("=") ? operator.slice(0, 1) : `${operator}=`;
  return {
    applicability: "unsafe",
    title: "Take zero for no clipping",
    edits: [{ range: { start, end: start + operator.length }, newText: strict }],
  };
}
