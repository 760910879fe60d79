/** Detectron2's YAML: `SOLVER.CLIP_GRADIENTS`. */
import type { ConfigKind } from "./config.ts";
import { mapAt, numberIn, rangeOfNode, scalarAt } from "./values.ts";

export const detectron2: ConfigKind = {
  name: "Detectron2",
  mentions: /CLIP_GRADIENTS/,
  settings(root) {
    const solver = mapAt(root, "SOLVER");
    const section = solver && mapAt(solver, "CLIP_GRADIENTS");
    if (!section) return [];
    const enabled = scalarAt(section, "ENABLED");
    const threshold = scalarAt(section, "CLIP_VALUE");
    const name = "SOLVER.CLIP_GRADIENTS";
    const common = { changed: null, missingFrom: null };
    if (enabled?.value === false)
      return [{ ...common, name: `${name}.ENABLED`, range: rangeOfNode(enabled), value: undefined, off: true }];
    if (!threshold) return [];
    return [
      { ...common, name: `${name}.CLIP_VALUE`, range: rangeOfNode(threshold), value: numberIn(threshold), off: false },
    ];
  },
};
