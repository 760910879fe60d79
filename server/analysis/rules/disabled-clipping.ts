import { isUnclipped } from "../facts/derived/order.ts";
import type { ConfiguredClip, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { insertClip } from "../fixes/insert-clip.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
Clipping that a framework offers, and that the script switches off by name: \`max_grad_norm=0\`,
\`gradient_clip_val=None\`, \`"gradient_clipping": 0\`; \`clip_grad=None\` in a configuration of MMEngine, \`SOLVER.CLIP_GRADIENTS.ENABLED = False\`
in one of Detectron2.

## Why it is bad
It need not be: it is said once so that nobody takes the argument for a threshold. Hugging Face's trainers clip to a norm
of 1.0 unless they are told otherwise, and a zero left over from an experiment is easily overlooked.

## Examples
Wrong:
\`\`\`python
from transformers import Trainer, TrainingArguments

arguments = TrainingArguments(output_dir="out", max_grad_norm=0)
trainer = Trainer(model="gpt2", args=arguments)
trainer.train()
\`\`\`

Right:
\`\`\`python
from transformers import Trainer, TrainingArguments

arguments = TrainingArguments(output_dir="out", max_grad_norm=1.0)
trainer = Trainer(model="gpt2", args=arguments)
trainer.train()
\`\`\`

## Fix
Unsafe: the framework's own default, or 1.0 where it has none.

## Sources
- Transformers: [\`TrainingArguments.max_grad_norm\`](https://huggingface.co/docs/transformers/main_classes/trainer#transformers.TrainingArguments.max_grad_norm)
- Lightning: [Gradient clipping](https://lightning.ai/docs/pytorch/stable/advanced/training_tricks.html#gradient-clipping)
- MMEngine: [Gradient clipping](https://mmengine.readthedocs.io/en/latest/tutorials/optim_wrapper.html)
`;

export const disabledClipping: Rule = {
  name: "disabled-clipping",
  title: "Clipping is switched off",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: [
    "Hugging Face Trainer",
    "Lightning",
    "DeepSpeed",
    "Stable-Baselines3",
    "PaddlePaddle",
    "MMEngine",
    "Detectron2",
  ],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const site of facts.updates) {
      if (!isUnclipped(facts, site)) continue;
      const { step } = site;
      for (const setting of step.optimizer.configured) {
        const { threshold } = setting;
        if (!threshold || reported.has(threshold)) continue;
        reported.add(threshold);
        const edits = switchOn(facts, site, setting);
        yield {
          severity: "information",
          message: `\`${sourceOf(facts, threshold)}\` switches clipping off here: the gradients reach the update as they are.`,
          range: rangeOf(threshold),
          related: [{ range: rangeOf(step.node), message: "The update" }],
          fix: edits && { applicability: "unsafe", title: "Clip the gradients to a norm of 1.0", edits },
        };
      }
    }
  },
};

function switchOn(facts: Facts, site: UpdateSite, { kind, threshold, byObject }: ConfiguredClip): TextEdit[] | null {
  if (kind !== "norm" || (threshold?.kind !== "number" && threshold?.kind !== "constant")) return null;
  return byObject ? insertClip(facts, site, 1) : [{ range: rangeOf(threshold), newText: "1.0" }];
}
