/** fastai: learners that clip by a callback. */
import { at, type Framework } from "./framework.ts";

const LEARNER =
  /^fastai\.learner\.(Learner|(vision|unet|text_classifier|language_model|tabular|collab|cnn|text)_?[lL]earner)$/;
const MODULES = [
  "vision.all",
  "vision.learner",
  "text.all",
  "text.learner",
  "tabular.all",
  "tabular.learner",
  "basics",
];
const BUILDERS = [
  "Learner",
  "vision_learner",
  "unet_learner",
  "cnn_learner",
  "text_classifier_learner",
  "language_model_learner",
  "tabular_learner",
  "collab_learner",
];

export const fastai: Framework = {
  name: "fastai",
  title: "fastai",
  mentions: ["fastai"],
  triggers: ["fit", "fine_tune"],
  aliases: [...MODULES, "collab"].flatMap((module) =>
    BUILDERS.map((name) => [`fastai.${module}.${name}`, `fastai.learner.${name}`] as const),
  ),
  optimizers: LEARNER,
  // `GradientClip` among the callbacks, wherever those are given; any other callback may do as much.
  settings: [{ on: LEARNER, threshold: at(null, "cbs"), kind: "unknown" }],
  // A callback that a learner is given later.
  clipsElsewhere: /^add_cbs?$/,
  calls: Object.fromEntries(
    BUILDERS.flatMap((name) =>
      ["fit", "fit_one_cycle", "fit_flat_cos", "fit_sgdr", "fine_tune"].map((method) => [
        `fastai.learner.${name}().${method}`,
        { event: "step", optimizer: "receiver", managed: true, unlessGiven: [at(null, "cbs")] },
      ]),
    ),
  ),
  managedSpelling: { place: "argument", keyword: () => "cbs", value: (threshold) => `GradientClip(${threshold})` },
  inert: /^fastai(\.|$)/,
};
