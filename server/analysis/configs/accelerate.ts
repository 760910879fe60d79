/** Accelerate's YAML (`accelerate config`): a DeepSpeed section may name the threshold. */
import type { ConfigKind } from "./config.ts";
import { entryOf, mapAt, numberIn, rangeOfNode, scalarAt } from "./values.ts";

export const accelerate: ConfigKind = {
  name: "Accelerate",
  mentions: /compute_environment|distributed_type/,
  settings(root) {
    const section = mapAt(root, "deepspeed_config");
    const scalar = section && scalarAt(section, "gradient_clipping");
    if (!scalar || entryOf(root, "distributed_type") === undefined) return [];
    const name = "deepspeed_config.gradient_clipping";
    return [
      { name, range: rangeOfNode(scalar), value: numberIn(scalar), off: false, changed: null, missingFrom: null },
    ];
  },
};
