import type { ConfiguredClip, OptimizerRef } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { appendArgument } from "../fixes/append.ts";
import { removeArgument } from "../fixes/remove-argument.ts";
import { type Argument, type Call, type Expression, rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A threshold in a place that takes none: \`Trainer(gradient_clip_val=…)\` for a Lightning module that optimises by hand,
\`clipnorm=\` for Keras' \`LossScaleOptimizer\`; \`SOLVER.CLIP_GRADIENTS.CLIP_VALUE\` in a configuration of Detectron2 in which
nothing sets \`ENABLED\`.

## Why it is bad
Either the framework raises an error before the first step, or it leaves the number alone and nothing is clipped.

## Examples
Wrong:
\`\`\`python
import lightning as L
import torch


class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(8, 8)
        self.automatic_optimization = False

    def training_step(self, batch, index):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(self.net(batch).sum())
        self.clip_gradients(optimizer, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        optimizer.step()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


trainer = L.Trainer(max_epochs=1, gradient_clip_val=1.0)
trainer.fit(Model())
\`\`\`

Right:
\`\`\`python
import lightning as L
import torch


class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(8, 8)
        self.automatic_optimization = False

    def training_step(self, batch, index):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(self.net(batch).sum())
        self.clip_gradients(optimizer, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        optimizer.step()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


trainer = L.Trainer(max_epochs=1)
trainer.fit(Model())
\`\`\`

## Fix
Unsafe: the argument goes, to the optimizer inside a wrapper that takes none. Where nothing else clips, say so where the update is. None for
Detectron2: whether to clip, only you know.

## Sources
- Keras: [\`LossScaleOptimizer\`](https://keras.io/api/optimizers/loss_scale_optimizer/)
- Detectron2: [\`SOLVER.CLIP_GRADIENTS\`](https://detectron2.readthedocs.io/en/latest/modules/config.html#yaml-config-references)
- Lightning: [Manual optimization](https://lightning.ai/docs/pytorch/stable/model/manual_optimization.html)
`;

export const ignoredClipSetting: Rule = {
  name: "ignored-clip-setting",
  title: "A threshold stands where it has no effect",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["Lightning", "Keras", "Detectron2"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const { step } of facts.updates)
      for (const setting of step.optimizer.configured) {
        const { refused, threshold } = setting;
        if (!refused || !threshold || reported.has(threshold)) continue;
        reported.add(threshold);
        yield {
          severity: "warning",
          message: `\`${sourceOf(facts, threshold)}\` is no threshold here. ${refused}.`,
          range: rangeOf(threshold),
          related: [{ range: rangeOf(step.node), message: "The update" }],
          fix: fix(facts, setting, step.optimizer),
        };
      }
  },
};

function fix(facts: Facts, { threshold }: ConfiguredClip, { constructors }: OptimizerRef): Fix | null {
  const given = callGiven(facts, threshold);
  const removed = given && removeArgument(facts.text, given.call, given.argument);
  if (!given || !removed) return null;
  const [inner, another] = constructors.filter(({ call }) => call !== given.call);
  if (constructors.some(({ call }) => call === given.call))
    return { applicability: "unsafe", title: "Remove the argument", edits: [removed] };
  const { start, end } = rangeOf(given.argument);
  const moved = inner && !another ? appendArgument(facts.text, inner.call, facts.text.slice(start, end)) : null;
  return moved && { applicability: "unsafe", title: "Give it to the optimizer inside", edits: [moved, removed] };
}

function callGiven({ names }: Facts, threshold: Expression | null): { call: Call; argument: Argument } | null {
  for (const sites of names.calls.values())
    for (const { call } of sites) {
      const argument = call.arguments.find(({ value }) => value === threshold);
      if (argument) return { call, argument };
    }
  return null;
}
