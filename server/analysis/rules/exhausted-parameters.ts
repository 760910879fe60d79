import type { ClipEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Binding, Variable } from "../facts/names/scope.ts";
import type { Fix } from "../finding.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import { argumentOf, lastPart } from "../syntax/call.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A clip over an iterator that the optimizer's constructor has already used up: \`filter(...)\`, a generator,
\`model.parameters()\` kept in a variable.

## Why it is bad
An iterator can be gone through once. The clip then sees no parameters and clips nothing, mostly without a word.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
params = filter(lambda p: p.requires_grad, model.parameters())
optimizer = torch.optim.AdamW(params)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
params = list(filter(lambda p: p.requires_grad, model.parameters()))
optimizer = torch.optim.AdamW(params)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the iterator becomes a list, and the clip begins to act.

## Sources
- Python: [iterator](https://docs.python.org/3/glossary.html#term-iterator)
`;

export const exhaustedParameters: Rule = {
  name: "exhausted-parameters",
  title: "The clipped parameters are an iterator that is used up",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const { clip } of facts.clips) {
      const source = reported.has(clip.node) ? null : iteratorBehind(facts, clip);
      const consumer = source && consumerOf(facts, source.variable);
      if (!consumer) continue;
      reported.add(clip.node);
      const { start, end } = rangeOf(source.value);
      const fix: Fix = {
        applicability: "unsafe",
        title: `Make \`${source.variable.name}\` a list`,
        edits: [
          { range: { start, end: start }, newText: "list(" },
          { range: { start: end, end }, newText: ")" },
        ],
      };
      yield {
        severity: "warning",
        message: `This clips nothing: \`${sourceOf(facts, source.used)}\` is an iterator, and the optimizer has already used it up.`,
        range: rangeOf(clip.node),
        related: [
          { range: rangeOf(source.value), message: "The iterator is made here" },
          { range: rangeOf(consumer), message: "It is used up here" },
        ],
        fix,
      };
    }
  },
};

function iteratorBehind(facts: Facts, { parameters, frame, scope }: ClipEvent) {
  if (parameters?.kind !== "name" && parameters?.kind !== "attribute") return null;
  const variable = facts.values.variables.of(parameters, frame, scope)?.variable;
  const [only] = variable?.bindings ?? [];
  if (variable?.bindings.length !== 1 || variable.contents.length > 0) return null;
  if (only?.kind !== "value" || only.path.length > 0 || !isIterator(facts, only)) return null;
  return { variable, value: only.value, used: parameters };
}

function isIterator(facts: Facts, { value, scope }: Binding & { kind: "value" }): boolean {
  if (value.kind === "comprehension") return value.type === "generator";
  if (value.kind !== "call") return false;
  const { callee } = value;
  const named = facts.values.evaluate(callee, facts.values.frames.of(scope), scope);
  if (named.some((v) => v.kind === "function")) return named.every((v) => v.kind === "function" && v.info.yields);
  if (callee.kind === "attribute" && callee.name === "parameters") return value.arguments.length === 0;
  return named.some(
    (v) => v.kind === "external" && /^(builtins\.(filter|map|iter)|itertools\.chain(\.from_iterable)?)$/.test(v.name),
  );
}

/** The constructor call that was given the variable itself. */
function consumerOf(facts: Facts, variable: Variable): Expression | null {
  for (const { step } of facts.updates)
    for (const { call, frame, scope } of step.optimizer.constructors) {
      const given = argumentOf(call, 0, "params")?.value;
      if (!given || lastPart(given) !== variable.name) continue;
      if (facts.values.variables.of(given, frame, scope)?.variable === variable) return call;
    }
  return null;
}
