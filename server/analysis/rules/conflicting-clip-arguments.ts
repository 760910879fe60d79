import { clipsOf } from "../facts/derived/order.ts";
import { thresholdSource } from "../facts/derived/threshold.ts";
import type { ClipEvent, ConfiguredClip, OptimizerRef, UpdateSite } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { remove } from "../fixes/layout.ts";
import { removeArgument } from "../fixes/remove-argument.ts";
import { type Argument, type Call, rangeOf } from "../syntax/ast.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
Two clips by norm in a row, of the same parameters. And an optimizer that is told to clip in more than one way
(\`Adam(clipnorm=1.0, clipvalue=0.5)\`).

## Why it is bad
Of two thresholds only the smaller acts, so that one of the lines says something that is not so. Keras raises a
\`ValueError\` for more than one of \`clipnorm\`, \`clipvalue\` and \`global_clipnorm\`.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
\`\`\`

## Fix
Takes out the clip that changes nothing. Safe where the larger threshold comes second: gradients that are within the smaller
one are not touched. Unsafe where it comes first, since to scale once rounds otherwise than to scale twice.
Unsafe as well: of an optimizer's arguments the one for the global norm stays, else the one for the norms of the variables.

## When it is silent
A clip whose result is used, as to log the norm; \`inf\`, which only measures; clips under conditions of their own; different
kinds of norm.

## Sources
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
- Keras: [optimizers](https://keras.io/api/optimizers/)
`;

export const conflictingClipArguments: Rule = {
  name: "conflicting-clip-arguments",
  title: "Gradients are told to be clipped in two ways at once",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Keras"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const update of facts.updates) {
      for (const [first, second] of inARow(facts, update)) {
        if (reported.has(second.node)) continue;
        reported.add(second.node);
        const finding = contradiction(facts, first, second);
        if (finding) yield finding;
      }
      for (const { call, given } of toldTwice(facts, update.step.optimizer)) {
        if (reported.has(call)) continue;
        reported.add(call);
        yield {
          severity: "warning",
          message: `${given.map(({ keyword }) => `\`${keyword}\``).join(" and ")} exclude each other: the optimizer can't be built with more than one.`,
          range: rangeOf(call),
          related: [],
          fix: withOne(facts, call, given, update.step.optimizer),
        };
      }
    }
  },
};

/** Clips of the same parameters, one right after the other on every path that has either. */
function inARow(facts: Facts, { step, paths }: UpdateSite): [ClipEvent, ClipEvent][] {
  const clips = paths.map((path) => new Set<object>(clipsOf(facts, { step, paths: [path] })));
  const pairs = new Map<string, [ClipEvent, ClipEvent]>();
  paths.forEach((path, index) => {
    path.forEach((second, at) => {
      const first = path[at - 1];
      if (first?.kind !== "clip" || second.kind !== "clip" || !clips[index]?.has(first) || !clips[index].has(second))
        return;
      if (areAlike(facts, first, second)) pairs.set(`${first.id} ${second.id}`, [first, second]);
    });
  });
  return [...pairs.values()].filter(([first, second]) =>
    paths.every((path) => {
      const at = path.findIndex(({ id }) => id === first.id);
      return path[at + 1]?.id === second.id || !path.some(({ id }) => id === first.id || id === second.id);
    }),
  );
}

function areAlike(facts: Facts, first: ClipEvent, second: ClipEvent): boolean {
  if (first.how !== "norm" || second.how !== "norm" || first.node === second.node) return false;
  if (first.frame !== second.frame || first.scope !== second.scope || first.framework !== second.framework)
    return false;
  const [given, other] = [first, second].map((clip) => withoutThreshold(facts, clip));
  return given !== null && given === other;
}

/** All that a clip is given, but its threshold, as text. */
function withoutThreshold(facts: Facts, { call, parameters, threshold }: ClipEvent): string | null {
  if (!call || !parameters || !threshold) return null;
  return call.arguments
    .filter(({ value }) => value !== threshold)
    .map((argument) => facts.text.slice(rangeOf(argument).start, rangeOf(argument).end))
    .join(", ");
}

function contradiction(facts: Facts, first: ClipEvent, second: ClipEvent): Reported | null {
  const [limit, later] = [first, second].map((clip) => limitOf(facts, clip));
  if (!limit || !later) return null;
  const idle = later < limit ? first : second;
  if (!Number.isFinite(Math.max(limit, later)) || isUsed(idle)) return null;
  const acts = idle === first ? second : first;
  return {
    severity: "warning",
    message: `Of two clips in a row only the smaller threshold acts: ${Math.min(limit, later)}, not ${Math.max(limit, later)}.`,
    range: rangeOf(idle.node),
    related: [{ range: rangeOf(acts.node), message: "The clip that acts" }],
    fix: takenOut(facts, idle, later > limit),
  };
}

function limitOf(facts: Facts, { threshold, frame, scope }: ClipEvent): number | null {
  const source = threshold && thresholdSource(facts, { node: threshold, frame, scope });
  // What is only a default may come to be the smaller one.
  return source && !("unknown" in source) && !source.isDefault ? source.value : null;
}

const isUsed = ({ statement, node }: ClipEvent) => statement.kind !== "expression" || statement.value !== node;

function takenOut(facts: Facts, { statement }: ClipEvent, isSafe: boolean): Fix | null {
  const edit = remove(facts.text, statement);
  return (
    edit && { applicability: isSafe ? "safe" : "unsafe", title: "Remove the clip that changes nothing", edits: [edit] }
  );
}

/** Constructors with more than one argument that makes them clip; one that may be `None` is no second one. */
function toldTwice(facts: Facts, { constructors, configured }: OptimizerRef): { call: Call; given: Argument[] }[] {
  const told = new Set(configured.flatMap((setting) => (isNumber(facts, setting) ? [setting.threshold] : [])));
  return constructors.flatMap(({ call }) => {
    const given = call.arguments.filter(({ value, keyword }) => keyword !== null && told.has(value));
    return given.length > 1 ? [{ call, given }] : [];
  });
}

function isNumber(facts: Facts, { threshold, frame, scope, off }: ConfiguredClip): boolean {
  if (!threshold || off) return false;
  return facts.values.evaluate(threshold, frame, scope).every(({ kind }) => kind === "literal");
}

const KINDS = ["norm", "per-variable-norm", "value"];

/** The global norm stays, else the norms of the variables. */
function withOne(facts: Facts, call: Call, given: readonly Argument[], { configured }: OptimizerRef): Fix | null {
  const rank = ({ value }: Argument) => KINDS.indexOf(configured.find((c) => c.threshold === value)?.kind ?? "");
  const [kept, ...others] = [...given].sort((a, b) => rank(a) - rank(b));
  const [other, another] = others;
  const edit = other && !another ? removeArgument(facts.text, call, other) : null;
  return edit && { applicability: "unsafe", title: `Keep \`${kept?.keyword}\``, edits: [edit] };
}
