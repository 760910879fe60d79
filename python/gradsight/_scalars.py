"""The scalars of a telemetry frame and the flags of a step: a mirror of ``protocol/scalars.ts`` (a test compares)."""

from __future__ import annotations

# A scalar's place is its bit in the column `present`.
SCALARS = (
    "norm_pre",
    "norm_post",
    "threshold",
    "loss",
    "lr",
    "update_ratio",
    "step_time",
    "loss_scale",
    "shard_pre",
    "shard_post",
    "shard_update",
    "shard_weights",
)

(
    NORM_PRE,
    NORM_POST,
    THRESHOLD,
    LOSS,
    LR,
    UPDATE_RATIO,
    STEP_TIME,
    LOSS_SCALE,
    SHARD_PRE,
    SHARD_POST,
    SHARD_UPDATE,
    SHARD_WEIGHTS,
) = range(len(SCALARS))

SKIPPED = 1
POST_DERIVED = 2
BY_VALUE = 4
