import { expect, it } from "vitest";
import { columnRoles } from "./column-roles.ts";

it.each<[string[], Record<string, string>]>([
  [
    ["grad_norm", "loss", "learning_rate", "eval_loss", "train_runtime"],
    { norm_pre: "grad_norm", loss: "loss", lr: "learning_rate" },
  ],
  [
    ["train/grad_norm", "train/loss", "eval/loss", "train/learning_rate"],
    { norm_pre: "train/grad_norm", loss: "train/loss", lr: "train/learning_rate" },
  ],
  [
    ["grad_2.0_norm_total", "grad_2.0_norm/fc.weight", "train_loss_step", "train_loss_epoch", "lr-AdamW/pg1"],
    { norm_pre: "grad_2.0_norm_total", loss: "train_loss_step" },
  ],
  [
    ["grad-norm", "lm loss", "learning-rate", "loss-scale"],
    { norm_pre: "grad-norm", loss: "lm loss", lr: "learning-rate", loss_scale: "loss-scale" },
  ],
  [
    ["gnorm", "loss", "lr", "loss_scale", "clip"],
    { norm_pre: "gnorm", loss: "loss", lr: "lr", loss_scale: "loss_scale" },
  ],
  [["Optimizer/Gradient Norm", "Loss/train", "Loss/val"], { norm_pre: "Optimizer/Gradient Norm", loss: "Loss/train" }],
  [
    ["grad_norm", "grad_norm_before_clip", "grad_norm_clipped"],
    { norm_pre: "grad_norm_before_clip", norm_post: "grad_norm_clipped" },
  ],
  [["gradient_norm_after_clipping", "val/grad_norm"], { norm_post: "gradient_norm_after_clipping" }],
  [["norm_pre", "norm_post", "threshold"], { norm_pre: "norm_pre", norm_post: "norm_post", threshold: "threshold" }],
  [["train/grad_norm", "actor/grad_norm"], { norm_pre: "train/grad_norm" }],
  // Not of all gradients, or not of gradients.
  [["grad_norm/layers.0.weight", "weight_norm", "grad_norm_ratio", "norm", "gradient_clipping", "grad_norm_epoch"], {}],
  [["lr-AdamW", "lr-SGD"], {}],
])("tells of %j what is what", (names, columns) => {
  expect(columnRoles(names)).toEqual({ columns, norms: [] });
});

it("names those that can't be told apart", () => {
  expect(columnRoles(["actor/grad_norm", "critic/grad_norm", "loss"])).toEqual({
    columns: { loss: "loss" },
    norms: ["actor/grad_norm", "critic/grad_norm"],
  });
});
