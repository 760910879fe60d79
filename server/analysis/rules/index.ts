import { changedAfterClip } from "./changed-after-clip.ts";
import { clipAfterOptimizer } from "./clip-after-optimizer.ts";
import { clipAfterStep } from "./clip-after-step.ts";
import { clipBeforeBackward } from "./clip-before-backward.ts";
import { clipEachMicroBatch } from "./clip-each-micro-batch.ts";
import { clipPerGroup } from "./clip-per-group.ts";
import { clipScaledGradients } from "./clip-scaled-gradients.ts";
import { conflictingClipArguments } from "./conflicting-clip-arguments.ts";
import { deprecatedClip } from "./deprecated-clip.ts";
import { disabledClipping } from "./disabled-clipping.ts";
import { discardedClipResult } from "./discarded-clip-result.ts";
import { exhaustedParameters } from "./exhausted-parameters.ts";
import { ignoredClipSetting } from "./ignored-clip-setting.ts";
import { implicitDefault } from "./implicit-default.ts";
import { inconsistentClipping } from "./inconsistent-clipping.ts";
import { invalidThreshold } from "./invalid-threshold.ts";
import { missingClipping } from "./missing-clipping.ts";
import { nonfiniteErrorUnderScaler } from "./nonfinite-error-under-scaler.ts";
import { partialParameters } from "./partial-parameters.ts";
import { perVariableNorm } from "./per-variable-norm.ts";
import { repeatedUnscale } from "./repeated-unscale.ts";
import type { Rule } from "./rule.ts";
import { shardedNorm } from "./sharded-norm.ts";
import { uncheckedNonfinite } from "./unchecked-nonfinite.ts";
import { unlikelyThreshold } from "./unlikely-threshold.ts";
import { unusedClipSetting } from "./unused-clip-setting.ts";
import { unusedSuppression } from "./unused-suppression.ts";
import { valueClipping } from "./value-clipping.ts";

export const RULES: readonly Rule[] = [
  missingClipping,
  inconsistentClipping,
  clipAfterStep,
  clipAfterOptimizer,
  clipBeforeBackward,
  discardedClipResult,
  clipScaledGradients,
  repeatedUnscale,
  clipEachMicroBatch,
  nonfiniteErrorUnderScaler,
  changedAfterClip,
  clipPerGroup,
  exhaustedParameters,
  deprecatedClip,
  partialParameters,
  shardedNorm,
  conflictingClipArguments,
  invalidThreshold,
  unlikelyThreshold,
  valueClipping,
  perVariableNorm,
  unusedClipSetting,
  disabledClipping,
  ignoredClipSetting,
  implicitDefault,
  uncheckedNonfinite,
  // Last: it asks what the others came to.
  unusedSuppression,
];

export const documentationUrl = (rule: string) =>
  `https://github.com/gradsight/gradsight/blob/main/docs/rules/${rule}.md`;
