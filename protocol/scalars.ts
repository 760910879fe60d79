/**
 * The scalars of a telemetry frame. Each is one F64 column of length n (steps); a column is absent when no step of the
 * frame has it. NaN and infinity are values that were seen, so "not recorded" is said apart: the U32 column `present`
 * holds, for each step, a bit per scalar. Bits are never reused.
 *
 * Where the gradients are spread over the ranks of a group, no rank knows the norm of all. Each then tells its share of it:
 * the 2-norm of what it holds, where what n ranks hold alike counts with 1/n of its square. So the root of the sum of all
 * ranks' squared shares of one step is the norm, which the hub works out; a rank's row has either the norm or a share.
 * Where the weights are spread, the norms of which `update_ratio` is the quotient are told by their shares alike.
 */
export const SCALARS = {
  norm_pre: { bit: 0, unit: "", title: "Global gradient norm before clipping" },
  norm_post: { bit: 1, unit: "", title: "Global gradient norm after clipping" },
  threshold: { bit: 2, unit: "", title: "Clipping threshold in force" },
  loss: { bit: 3, unit: "", title: "Loss" },
  lr: { bit: 4, unit: "", title: "Learning rate" },
  update_ratio: { bit: 5, unit: "", title: "Norm of the update over norm of the weights" },
  step_time: { bit: 6, unit: "s", title: "Time since the previous step" },
  loss_scale: { bit: 7, unit: "", title: "Loss scale of the gradient scaler" },
  shard_pre: { bit: 8, unit: "", title: "This rank's share of the gradient norm before clipping" },
  shard_post: { bit: 9, unit: "", title: "This rank's share of the gradient norm after clipping" },
  shard_update: { bit: 10, unit: "", title: "This rank's share of the norm of the update" },
  shard_weights: { bit: 11, unit: "", title: "This rank's share of the norm of the weights before the update" },
} as const;

export type Scalar = keyof typeof SCALARS;
export const SCALAR_NAMES = Object.keys(SCALARS) as Scalar[];

/** The bits of the U8 column `flags`, one value a step. */
export const STEP_FLAGS = {
  /** The gradient scaler found a non-finite gradient and skipped the update. */
  skipped: 1,
  /** `norm_post` was derived from `norm_pre` and `threshold`, not measured. */
  postDerived: 2,
  /** Clipped by value, not by norm: `threshold` bounds each component. */
  byValue: 4,
} as const;
