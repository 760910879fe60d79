/** Detectron2: trainers that clip as their configuration says, each parameter by itself. */
import { at, type Framework } from "./framework.ts";

export const detectron2: Framework = {
  name: "detectron2",
  title: "Detectron2",
  mentions: ["detectron2"],
  triggers: ["DefaultTrainer"],
  aliases: [
    ["detectron2.engine.defaults.DefaultTrainer", "detectron2.engine.DefaultTrainer"],
    ["detectron2.config.config.get_cfg", "detectron2.config.get_cfg"],
  ],
  settings: [],
  written: {
    on: /^detectron2\.config\.get_cfg$/,
    section: ["SOLVER", "CLIP_GRADIENTS"],
    enabled: "ENABLED",
    threshold: "CLIP_VALUE",
    mode: { entry: "CLIP_TYPE", kinds: { value: "value", norm: "per-variable-norm" } },
    kind: "value",
    fallback: 1,
    offUntil: "Detectron2 clips only once `SOLVER.CLIP_GRADIENTS.ENABLED` is `True`, and nothing here sets it",
    fills: {
      methods: /^(merge_from_(file|list|other_cfg)|update|setdefault|__setitem__)$/,
      // None of the model zoo's clips, but for a test of the clipping itself.
      harmless: /^detectron2\.model_zoo\.(model_zoo\.)?get_config_file\(\)$/,
    },
    keeps: /^(detectron2\.(?!projects\b)|builtins\.(print|str|repr|len|isinstance|type)$|copy\.|pprint\.)/,
  },
  carries: { "detectron2.engine.DefaultTrainer": at(0, "cfg") },
  carriesDerived: {
    base: /^detectron2\.engine\.DefaultTrainer$/,
    defining: /^(build_(evaluator|train_loader|test_loader|writers|lr_scheduler|model)|test(_\w+)?)$/,
  },
  calls: {
    "detectron2.engine.DefaultTrainer().train": { event: "step", optimizer: "receiver", managed: true },
  },
  inert: /^detectron2(\.|$)/,
  architectures: [{ architecture: "detector", pattern: /^detectron2(\.|$)/ }],
};
