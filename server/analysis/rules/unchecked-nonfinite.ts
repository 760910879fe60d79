import { clipsOf } from "../facts/derived/order.ts";
import type { ClipEvent, UpdateSite } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { appendArgument } from "../fixes/append.ts";
import { rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
Clipping by norm through which NaN and infinity pass: \`clip_grad_norm_\` without \`error_if_nonfinite=True\`, whose result
nobody looks at, before an update that no \`GradScaler\` skips.

## Why it is bad
One NaN makes the norm NaN, and the clip then makes *every* gradient NaN; one infinity makes itself NaN and all others
zero. Clipping does not protect from a batch of that kind, it spreads it, and the weights are NaN after the next update.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
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
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0, error_if_nonfinite=True)
    optimizer.step()
\`\`\`

## Fix
Unsafe: training stops with an error at the first such batch. To skip the update instead, look at the norm that the clip
returns: \`if torch.isfinite(norm): optimizer.step()\`.

## When it is silent
A file that looks for NaN or infinity by itself (\`torch.isfinite\`, \`math.isnan\`, \`torch.autograd.detect_anomaly\`).

## Sources
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
`;

const LOOKS = [
  "isfinite",
  "isnan",
  "isinf",
  "isneginf",
  "isposinf",
  "nan_to_num",
  "nan_to_num_",
  "detect_anomaly",
  "set_detect_anomaly",
];

export const uncheckedNonfinite: Rule = {
  name: "unchecked-nonfinite",
  title: "NaN and infinity pass through the clip",
  defaultSeverity: "information",
  optIn: true,
  since: "0.1.0",
  frameworks: ["PyTorch"],
  documentation,
  *check(facts) {
    if (LOOKS.some((name) => facts.names.calls.has(name))) return;
    const unchecked = new Set<ClipEvent["node"]>();
    for (const update of facts.updates)
      for (const clip of clipsOf(facts, update))
        if (isUnchecked(facts, clip, update) && !unchecked.has(clip.node)) {
          unchecked.add(clip.node);
          yield {
            severity: "information",
            message:
              "One infinite or NaN component makes every gradient NaN or zero here, and the update goes on with it.",
            range: rangeOf(clip.node),
            related: [{ range: rangeOf(update.step.node), message: "The update" }],
            fix: fix(facts, clip),
          };
        }
  },
};

function isUnchecked(facts: Facts, { call, how, statement, frame, scope }: ClipEvent, { step }: UpdateSite): boolean {
  if (how !== "norm" || !call || step.scaler) return false;
  const named = facts.values.evaluate(call.callee, frame, scope);
  if (!named.some((value) => value.kind === "external" && value.name === "torch.nn.utils.clip_grad_norm_"))
    return false;
  const given = call.arguments.some(({ stars }) => stars !== 0) || argumentOf(call, 3, "error_if_nonfinite") !== null;
  return !given && statement.kind === "expression" && statement.value === call;
}

function fix(facts: Facts, { call }: ClipEvent): Fix | null {
  const edit = call && appendArgument(facts.text, call, "error_if_nonfinite=True");
  return edit && { applicability: "unsafe", title: "Raise an error for NaN and infinity", edits: [edit] };
}
