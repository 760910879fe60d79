/** Hugging Face's trainers (Transformers, TRL), which clip to a norm of 1.0 unless they are told otherwise. */
import { at, type Framework } from "./framework.ts";

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
  managedSpelling: { place: "argument", keyword: () => "max_grad_norm" },
};

function trl() {
  const trainers = ["SFT", "DPO", "ORPO", "KTO", "CPO", "BCO", "GRPO", "Reward", "RLOO", "PRM", "OnlineDPO", "GKD"];
  return Object.fromEntries(trainers.map((name) => [`trl.${name}Trainer`, at(null, "args")]));
}
