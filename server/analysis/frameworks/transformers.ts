/** Hugging Face's trainers (Transformers, TRL), which clip to a norm of 1.0 unless they are told otherwise. */
import { at, type Framework } from "./framework.ts";

/** TRL's trainers, by the modules that they stand in: some have moved to `trl.experimental`. */
const TRL = {
  BCO: "bco",
  CPO: "cpo",
  DPO: "dpo",
  GKD: "gkd",
  GRPO: "grpo",
  KTO: "kto",
  ORPO: "orpo",
  OnlineDPO: "online_dpo",
  PRM: "prm",
  Reward: "reward",
  RLOO: "rloo",
  SFT: "sft",
};

const ARGUMENTS = /^(transformers\.(Seq2Seq)?TrainingArguments|trl\.\w+Config)$/;

export const transformers: Framework = {
  name: "transformers",
  title: "Hugging Face Trainer",
  mentions: ["transformers", "trl"],
  triggers: ["Trainer", "TrainingArguments", "max_grad_norm"],
  aliases: [
    ["transformers.training_args.TrainingArguments", "transformers.TrainingArguments"],
    ["transformers.training_args_seq2seq.Seq2SeqTrainingArguments", "transformers.Seq2SeqTrainingArguments"],
    ["transformers.trainer.Trainer", "transformers.Trainer"],
    ...Object.values(TRL).flatMap((module): [string, string][] => [
      [`trl.trainer.${module}_trainer`, "trl"],
      [`trl.trainer.${module}_config`, "trl"],
      [`trl.experimental.${module}.${module}_trainer`, "trl"],
      [`trl.experimental.${module}.${module}_config`, "trl"],
      [`trl.experimental.${module}`, "trl"],
    ]),
    ["trl.trainer", "trl"],
  ],
  optimizers: ARGUMENTS,
  beforeBackward: {
    base: /^(transformers\.(Seq2Seq)?Trainer|trl\.\w+Trainer)$/,
    methods: ["compute_loss"],
    instead: null,
  },
  settings: [{ on: ARGUMENTS, threshold: at(null, "max_grad_norm"), kind: "norm", off: [0], fallback: 1 }],
  carries: { "transformers.Trainer": at(1, "args"), "transformers.Seq2SeqTrainer": at(1, "args"), ...trl() },
  calls: Object.fromEntries(
    ["transformers.Trainer", "transformers.Seq2SeqTrainer", ...Object.keys(trl())].map((name) => [
      `${name}().train`,
      { event: "step", optimizer: "receiver", managed: true },
    ]),
  ),
  parsedSetting: { parser: /^(transformers\.HfArgumentParser|trl\.TrlParser)$/, flag: "--max_grad_norm" },
  managedSpelling: { place: "argument", keyword: () => "max_grad_norm" },
};

function trl() {
  return Object.fromEntries(Object.keys(TRL).map((name) => [`trl.${name}Trainer`, at(null, "args")]));
}
