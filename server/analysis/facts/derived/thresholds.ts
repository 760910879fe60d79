/** Every number that gradients are clipped to: in the calls that clip, and in what optimizers are told when they are built. */
import type { ClipKind } from "../../frameworks/framework.ts";
import type { Expression } from "../../syntax/ast.ts";
import type { ClipEvent, Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import { type ThresholdSource, thresholdSource } from "./threshold.ts";

export interface Threshold extends Seen {
  readonly kind: ClipKind;
  /** What to point at: the call that clips, or the argument. */
  readonly place: Expression;
  readonly clip: ClipEvent | null;
  readonly zeroIsOff: boolean;
}

export const thresholdsOf = once((facts: Facts): readonly Threshold[] => {
  const clips = facts.clips.flatMap(({ clip }): Threshold[] => {
    const { threshold, frame, scope, zeroIsOff, how } = clip;
    // A method of an object that can't be seen takes its threshold as it likes.
    if (!threshold || how === "by-hand" || !(clip.parameters || clip.optimizer || clip.gradients)) return [];
    return [{ node: threshold, frame, scope, kind: how, place: clip.node, clip, zeroIsOff }];
  });
  const configured = new Map<Expression, Threshold>();
  for (const { step } of facts.updates)
    for (const { threshold, frame, scope, kind, off, zeroIsOff, refused } of step.optimizer.configured)
      if (threshold && !off && !refused)
        configured.set(threshold, { node: threshold, frame, scope, kind, place: threshold, clip: null, zeroIsOff });
  return [...clips, ...configured.values()];
});

/** Where the number is written. */
export function sourceOfThreshold({ answers }: Facts, { node, frame, scope }: Threshold): ThresholdSource {
  const seen = { node, frame, scope };
  return answers.to("threshold", node, frame, (values) => thresholdSource({ names: values.names, values }, seen));
}
