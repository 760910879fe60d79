import { copiesGrad } from "../facts/by-hand.ts";
import type { ClipEvent } from "../facts/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Finding, Fix } from "../finding.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A function that returns clipped gradients and changes none in place, with a result that nothing takes:
\`p.grad.clamp(-1, 1)\` without the underscore, \`tf.clip_by_global_norm(grads, 1.0)\` as a statement of its own.

## Why it is bad
The line reads as if the gradients were clipped. The optimizer gets them as they were.

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
    for p in model.parameters():
        p.grad.clamp(-0.1, 0.1)
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
    for p in model.parameters():
        p.grad.clamp_(-0.1, 0.1)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the clip begins to act.

## Sources
- PyTorch: [in-place operations](https://docs.pytorch.org/docs/stable/tensors.html)
- TensorFlow: [\`clip_by_global_norm\`](https://www.tensorflow.org/api_docs/python/tf/clip_by_global_norm)
`;

export const discardedClipResult: Rule = {
  name: "discarded-clip-result",
  title: "Clipped gradients are thrown away",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "TensorFlow"],
  documentation,
  *check(facts) {
    yield* copies(facts);
    const reported = new Set<object>();
    for (const { clip } of facts.clips) {
      if (!isDiscarded(clip) || reported.has(clip.node)) continue;
      reported.add(clip.node);
      yield { ...finding(facts, clip.node), fix: assigned(facts, clip) };
    }
  },
};

/** `p.grad.clamp(…)` as a statement. */
function* copies(facts: Facts): Iterable<Omit<Finding, "rule">> {
  for (const sites of facts.names.calls.values())
    for (const { call, statement } of sites) {
      const callee = statement.kind === "expression" && statement.value === call ? copiesGrad(call) : null;
      if (!callee) continue;
      const { end } = rangeOf(callee);
      const fix: Fix = {
        applicability: "unsafe",
        title: "Clip in place",
        edits: [{ range: { start: end, end }, newText: "_" }],
      };
      yield { ...finding(facts, call), fix };
    }
}

function isDiscarded({ gradients, statement, node }: ClipEvent): boolean {
  const ofGradients = gradients !== null && (gradients.made.size > 0 || gradients.stored);
  return ofGradients && statement.kind === "expression" && statement.value === node;
}

function finding(facts: Facts, node: ClipEvent["node"]): Omit<Finding, "rule" | "fix"> {
  const name = node.kind === "call" ? sourceOf(facts, node.callee) : "This";
  return {
    severity: "warning",
    message: `\`${name}\` returns clipped gradients and changes none, and nothing takes what it returns.`,
    range: rangeOf(node),
    related: [],
  };
}

/** `grads, _ = tf.clip_by_global_norm(grads, 1.0)`, where the gradients have a name. */
function assigned(facts: Facts, { node, how, call, returnsNorm }: ClipEvent): Fix | null {
  const given = call?.arguments[0]?.value;
  if (how !== "norm" || given?.kind !== "name") return null;
  const { start } = rangeOf(node);
  const newText = `${sourceOf(facts, given)}${returnsNorm ? ", _" : ""} = `;
  return {
    applicability: "unsafe",
    title: "Keep the clipped gradients",
    edits: [{ range: { start, end: start }, newText }],
  };
}
