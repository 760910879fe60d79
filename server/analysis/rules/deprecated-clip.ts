import type { ClipEvent } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
\`torch.nn.utils.clip_grad_norm\` without the underscore.

## Why it is bad
It has been deprecated since PyTorch 0.4 in favour of \`clip_grad_norm_\`, warns at each call, and will be removed.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model(torch.zeros(4, 8)).sum().backward()
torch.nn.utils.clip_grad_norm(model.parameters(), 1.0)
optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model(torch.zeros(4, 8)).sum().backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
\`\`\`

## Fix
Safe: the same function under its present name.

## Sources
- PyTorch: [\`clip_grad_norm\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm.html)
`;

export const deprecatedClip: Rule = {
  name: "deprecated-clip",
  title: "A deprecated name of a clipping function",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: ["PyTorch"],
  documentation,
  *check(facts) {
    const seen = new Set<object>();
    for (const { clip } of facts.clips) {
      if (!clip.renamed || !clip.call || seen.has(clip.node)) continue;
      seen.add(clip.node);
      const edits = rename(facts, clip, clip.renamed);
      yield {
        severity: "information",
        message: `\`${clip.renamed.replace(/_$/, "")}\` is deprecated: use \`${clip.renamed}\`.`,
        range: rangeOf(clip.call.callee),
        related: [],
        fix: edits && { applicability: "safe", title: `Rename to \`${clip.renamed}\``, edits },
        deprecated: true,
      };
    }
  },
};

function rename(facts: Facts, { call, scope }: ClipEvent, to: string): TextEdit[] | null {
  if (!call) return null;
  const { end } = rangeOf(call.callee);
  if (call.callee.kind === "attribute") return [{ range: { start: end - call.callee.name.length, end }, newText: to }];
  if (call.callee.kind !== "name") return null;
  const [binding] = scope.lookup(call.callee.id)?.bindings ?? [];
  if (binding?.kind !== "import") return null;
  const imported = { start: rangeOf(binding.node).start, end: rangeOf(binding.node).start + binding.node.name.length };
  if (binding.node.alias) return [{ range: imported, newText: to }];
  // The import and every use change together, or the import keeps the old name as an alias.
  const calls = facts.names.calls.get(call.callee.id) ?? [];
  const uses = facts.text.match(new RegExp(`(?<![\\w.])${call.callee.id}(?!\\w)`, "g"))?.length ?? 0;
  const named = calls.filter((site) => site.call.callee.kind === "name");
  if (uses !== named.length + 1) return [{ range: imported, newText: `${to} as ${call.callee.id}` }];
  return [
    { range: imported, newText: to },
    ...named.map((site) => ({ range: rangeOf(site.call.callee), newText: to })),
  ];
}
