/** DeepSpeed's own JSON, and the same settings inside an Accelerate or Lightning configuration. */
import { deepspeed as framework } from "../frameworks/deepspeed.ts";
import type { ConfigKind, ConfigSetting } from "./config.ts";
import { entryOf, firstLineOf, numberIn, rangeOfNode, scalarAt } from "./values.ts";

const KEY = "gradient_clipping";
/** A file of DeepSpeed's has a batch size (or `auto`) and at least one more section that nothing else has. */
const SIZES = ["train_batch_size", "train_micro_batch_size_per_gpu"];
const SECTIONS = ["zero_optimization", "fp16", "bf16", "gradient_accumulation_steps", "optimizer", "steps_per_print"];

export const deepspeed: ConfigKind = {
  name: "DeepSpeed",
  mentions: /train_batch_size|train_micro_batch_size_per_gpu/,
  settings(root, text) {
    const has = (key: string) => entryOf(root, key) !== undefined;
    if (!SIZES.some(has) || !SECTIONS.some(has) || !text.trimStart().startsWith("{")) return [];
    const scalar = scalarAt(root, KEY);
    const common = { name: KEY, off: false, missingFrom: null };
    if (scalar)
      return [
        { ...common, range: rangeOfNode(scalar), value: numberIn(scalar), changed: null } satisfies ConfigSetting,
      ];
    if (has(KEY)) return [];
    const changed = framework.settings?.[0]?.changed ?? null;
    return [{ ...common, range: firstLineOf(root, text), value: undefined, changed, missingFrom: root }];
  },
};
