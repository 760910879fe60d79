/** What Lightning's trainer and Fabric are told of how a training is spread over processes. */
import { at } from "./framework.ts";
import type { ToldSetting } from "./spelling.ts";

/** Strategies that leave each process the whole of each gradient. */
export const WHOLE: ToldSetting = {
  place: at(1, "strategy"),
  values: ["auto", "dp", "ddp", "ddp_spawn", "ddp_notebook", "ddp_find_unused_parameters_true"],
  isDefault: true,
};
