/** YAML and JSON of Hydra, OmegaConf, Lightning's CLI and Hugging Face's parsers: keys that those trainers read. */
import type { YAMLMap } from "yaml";
import type { ConfigKind } from "./config.ts";
import { entryOf, mapsIn, numberIn, rangeOfNode, scalarAt } from "./values.ts";

/** Others use this name, too, and take zero for a threshold; beside these keys it is Hugging Face's. */
const HUGGING_FACE = ["per_device_train_batch_size", "num_train_epochs", "output_dir", "lr_scheduler_type"];

const KEYS: readonly { key: string; isRead: (beside: YAMLMap) => boolean }[] = [
  { key: "gradient_clip_val", isRead: () => true },
  { key: "max_grad_norm", isRead: (beside) => HUGGING_FACE.some((key) => entryOf(beside, key) !== undefined) },
];

export const trainer: ConfigKind = {
  name: "trainer",
  mentions: /gradient_clip_val|max_grad_norm/,
  settings(root) {
    return [...mapsIn(root)].flatMap(({ map, path }) =>
      KEYS.flatMap(({ key, isRead }) => {
        const scalar = scalarAt(map, key);
        if (!scalar || !isRead(map)) return [];
        const name = [...path, key].join(".");
        return [
          { name, range: rangeOfNode(scalar), value: numberIn(scalar), off: false, changed: null, missingFrom: null },
        ];
      }),
    );
  },
};
