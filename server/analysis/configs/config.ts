/** Configuration files that say how gradients are clipped: JSON and YAML, each kind a file of its own. */
import type { YAMLMap } from "yaml";
import type { TextRange } from "../finding.ts";
import type { DefaultHistory } from "../frameworks/framework.ts";

/** A place of a configuration that names a threshold, or could. */
export interface ConfigSetting {
  /** As a user would say it: `gradient_clipping`, `SOLVER.CLIP_GRADIENTS.CLIP_VALUE`. */
  readonly name: string;
  /** Of the value; of the first line of what should hold it, where it is left out. */
  readonly range: TextRange;
  /** Undefined where it is left out or can't be read as a number (`auto`, an interpolation). */
  readonly value: number | null | undefined;
  /** What switches clipping off here, besides numbers up to zero. */
  readonly off: boolean;
  readonly changed: DefaultHistory | null;
  /** Where one is to be written that isn't there. */
  readonly missingFrom: YAMLMap | null;
}

export interface ConfigKind {
  readonly name: string;
  /** A file without one of these words is none of this kind. */
  readonly mentions: RegExp;
  settings(root: YAMLMap, text: string): readonly ConfigSetting[];
}
