/** PyTorch Ignite's ready-made trainers. Their update has no place for a clip: the step must be written out for that. */
import { at, type Framework } from "./framework.ts";

export const ignite: Framework = {
  name: "ignite",
  title: "PyTorch Ignite",
  mentions: ["ignite"],
  triggers: ["create_supervised_trainer"],
  aliases: [["ignite.engine.create_supervised_trainer", "ignite.create_supervised_trainer"]],
  calls: {
    "ignite.create_supervised_trainer": { event: "step", optimizer: at(1, "optimizer"), managed: true },
  },
  inert: /^ignite(\.|$)/,
};
