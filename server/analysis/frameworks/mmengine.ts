/** MMEngine, and MMCV before it: configurations in Python, whose variables name what the runner builds, and the runner itself. */
import { at, type ClipSetting, type Framework } from "./framework.ts";

const DICT = /^builtins\.dict$/;

const objects: NonNullable<ClipSetting["objects"]> = [
  { class: DICT, threshold: at(null, "max_norm"), kind: "norm" },
  { class: DICT, threshold: at(null, "clip_value"), kind: "value" },
];

export const mmengine: Framework = {
  name: "mmengine",
  title: "MMEngine",
  mentions: ["optim_wrapper", "optimizer_config"],
  triggers: ["clip_grad", "grad_clip"],
  settings: ["clip_grad", "grad_clip"].map((keyword) => ({
    on: DICT,
    threshold: at(null, keyword),
    kind: "norm",
    objects,
  })),
  calls: {
    "builtins.dict": {
      event: "step",
      optimizer: "result",
      managed: true,
      configures: /^(optim_wrapper|optimizer_config)$/,
      configuresCalls: /^mmengine\.(runner\.)?(\w+\.)?(Flexible)?Runner$/,
    },
  },
  spelling: {
    place: "argument",
    keyword: (_, given) =>
      given.find((name) => /^(clip_grad|grad_clip)$/.test(name)) ?? (given.includes("optimizer") ? "clip_grad" : null),
    value: (threshold) => `dict(max_norm=${threshold})`,
  },
};
