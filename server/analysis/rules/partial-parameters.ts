import { guardsOf } from "../facts/derived/guards.ts";
import { clipsOf, distinct } from "../facts/derived/order.ts";
import { areApart, areLinked, type Source, sourcesOf, sourcesOfOptimizer } from "../facts/derived/parameter-sources.ts";
import type { ClipEvent, Path, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { CallSite } from "../facts/names/scope.ts";
import type { Fix } from "../finding.ts";
import { express, groupsOf, parametersOf } from "../fixes/expressions.ts";
import { spell } from "../fixes/imports.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
An optimizer that updates more than the clip sees: a second model, or a parameter that was added to its list. And Apex's
\`O2\`, where the optimizer updates float32 copies, with a clip that is not given \`amp.master_params(optimizer)\`.

## Why it is bad
What is left out is updated by its full gradient, however large. And the norm is not that of the whole gradient, so that the
threshold means less than it says.

## Examples
Wrong:
\`\`\`python
import torch

encoder = torch.nn.LSTM(8, 16)
head = torch.nn.Linear(16, 2)
params = list(encoder.parameters()) + list(head.parameters())
optimizer = torch.optim.Adam(params)

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    head(encoder(x)[0]).sum().backward()
    torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

encoder = torch.nn.LSTM(8, 16)
head = torch.nn.Linear(16, 2)
params = list(encoder.parameters()) + list(head.parameters())
optimizer = torch.optim.Adam(params)

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    head(encoder(x)[0]).sum().backward()
    torch.nn.utils.clip_grad_norm_(list(encoder.parameters()) + list(head.parameters()), 1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: all that the optimizer updates is clipped, by one norm.

## When it is silent
Parameters that can't all be told; a part of a model (\`model.rnn.parameters()\`), which is often meant; files that freeze
parameters.

## Sources
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
`;

export const partialParameters: Rule = {
  name: "partial-parameters",
  title: "The optimizer updates parameters that the clip does not see",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate"],
  documentation,
  *check(facts) {
    yield* halfCopies(facts);
    // Which parameters a loop freezes one by one is hard to tell.
    if (/\.requires_grad\s*=[^=]/.test(facts.text)) return;
    const reported = new Set<object>();
    for (const update of facts.updates) {
      const missed = missedBy(facts, update);
      const [clip] = missed.length > 0 ? distinct(clipsOf(facts, update)) : [];
      if (!clip || reported.has(clip.node)) continue;
      reported.add(clip.node);
      const names = [...new Set(missed.map((source) => `\`${sourceOf(facts, source.node)}\``))].join(", ");
      const built = update.step.optimizer.constructors[0];
      yield {
        severity: missed.every(({ tensor }) => tensor) ? "information" : "warning",
        message: `\`${sourceOf(facts, update.step.optimizer.node)}\` also updates ${names}, which this does not clip.`,
        range: rangeOf(clip.node),
        related: built ? [{ range: rangeOf(built.call), message: "The optimizer is given more here" }] : [],
        fix: fix(facts, update, clip),
      };
    }
  },
};

/** Apex's O2 updates float32 copies of the parameters: to clip the model's own half-precision gradients changes nothing. */
function* halfCopies(facts: Facts): Iterable<Reported> {
  const initialised = (facts.names.calls.get("initialize") ?? []).find((site) => keepsCopies(facts, site));
  // A file that knows of the copies may clip the originals where there are none.
  if (!initialised || facts.names.calls.has("master_params")) return;
  for (const clip of distinct(facts.updates.flatMap((update) => clipsOf(facts, update)))) {
    const { parameters, scope, frame } = clip;
    if (!parameters || !sourcesOf(facts, { node: parameters, frame, scope })) continue;
    const update = facts.updates.find((site) => clipsOf(facts, site).includes(clip));
    const optimizer = update && express(facts, update.step.optimizer, clip);
    const copies = spell(facts, "apex.amp.master_params", scope);
    const newText = optimizer && copies && !copies.edit && `${copies.name}(${optimizer})`;
    yield {
      severity: "warning",
      message:
        "Under `O2` the optimizer updates float32 copies, and this clips the gradients of the half-precision ones.",
      range: rangeOf(clip.node),
      related: [{ range: rangeOf(initialised.call), message: "The copies are made here" }],
      fix: newText ? replacing(parameters, newText) : null,
    };
  }
}

function keepsCopies(facts: Facts, { call, scope }: CallSite): boolean {
  const frame = facts.values.frames.of(scope);
  const evaluate = (node: Expression) => facts.values.evaluate(node, frame, scope);
  const level = argumentOf(call, 3, "opt_level")?.value;
  const isOn = argumentOf(call, 2, "enabled") === null;
  if (guardsOf(facts, { node: call, frame, scope }).length > 0) return false;
  const ofApex = evaluate(call.callee).some(
    (value) => value.kind === "external" && value.name === "apex.amp.initialize",
  );
  const levels = level ? evaluate(level) : [];
  const isSecond = levels.every(
    (value) => value.kind === "literal" && value.node.kind === "string" && value.node.value === "O2",
  );
  return ofApex && isOn && levels.length > 0 && isSecond;
}

/** `model.requires_grad_(False)`, `freeze(model)`: it has no gradient, at some time at least. */
function isFrozen(facts: Facts, source: Source): boolean {
  const calls = [...facts.names.calls].filter(([name]) => /freeze|^requires_grad_$/i.test(name));
  return calls.some(([, sites]) =>
    sites.some(({ call, scope }) => {
      const [first] = call.arguments;
      if (first?.value.kind === "constant" && first.value.value === true) return false;
      const receiver = call.callee.kind === "attribute" ? [call.callee.object] : [];
      const held = [...receiver, ...call.arguments.map(({ value }) => value)];
      const frame = facts.values.frames.of(scope);
      return held.some((node) => areLinked(facts, source, { node, frame, scope }));
    }),
  );
}

/** What the optimizer owns and no clip covers, on any of the ways to the update that clip at all. */
function missedBy(facts: Facts, { step, paths }: UpdateSite): Source[] {
  const owned = sourcesOfOptimizer(facts, step.optimizer);
  if (!owned || owned.length < 2) return [];
  const clipped: Source[][] = [];
  for (const path of paths) {
    const clips = clipsOf(facts, { step, paths: [path] });
    if (clips.length === 0) continue;
    const sources = isHidden(path) ? null : sourcesOfClips(facts, clips);
    if (!sources) return [];
    clipped.push(sources);
  }
  const isMissed = (source: Source) =>
    clipped.every((sources) => sources.every((other) => areApart(facts, source, other)));
  const missed = clipped.length > 0 ? owned.filter(isMissed) : [];
  return missed.length < owned.length ? missed.filter((source) => !isFrozen(facts, source)) : [];
}

function isHidden(path: Path): boolean {
  const backward = path.findIndex((event) => event.kind === "backward");
  return path.some((event, index) => event.kind === "unknown" && index > backward);
}

function sourcesOfClips(facts: Facts, clips: readonly ClipEvent[]): Source[] | null {
  const sources = clips.map(({ parameters, how, frame, scope }) =>
    parameters && (how === "norm" || how === "value") ? sourcesOf(facts, { node: parameters, frame, scope }) : null,
  );
  return sources.every((each) => each !== null) ? sources.flat() : null;
}

function fix(facts: Facts, update: UpdateSite, { node, parameters, frame, scope }: ClipEvent): Fix | null {
  const { optimizer } = update.step;
  const acts = facts.clips.filter(({ clip }) => clip.node === node);
  // Several clips may have thresholds of their own; a helper serves other optimizers too.
  if (!parameters || acts.length !== 1 || distinct(clipsOf(facts, update)).length !== 1) return null;
  const to = { frame, scope };
  const name = express(facts, optimizer, to);
  const isNear = scope === optimizer.scope && frame === optimizer.frame;
  const newText = isNear ? parametersOf(facts, { optimizer, to }) : name && groupsOf(facts, name);
  return newText ? replacing(parameters, newText) : null;
}

const replacing = (parameters: Expression, newText: string): Fix => ({
  applicability: "unsafe",
  title: "Clip all that the optimizer updates",
  edits: [{ range: rangeOf(parameters), newText }],
});
