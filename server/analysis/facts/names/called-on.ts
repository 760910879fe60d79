/** The calls of a method by what it is called on, as that is written there. */
import type { Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { once, onceAWord } from "../once.ts";
import type { Index } from "./reads.ts";
import type { CallSite, Names } from "./scope.ts";

/** The calls of `method` by what they are on: `optimizer` for `self.optimizer.step()`, {@link scaledBy} for `scaler.scale(loss).backward()`. */
export const callsOf: (method: string) => Index<CallSite> = onceAWord((method) =>
  once((names: Names) => {
    const byReceiver = new Map<string, CallSite[]>();
    for (const site of names.calls.get(method) ?? []) {
      const { callee } = site.call;
      const receiver = callee.kind === "attribute" ? receiverOf(callee.object) : "";
      const others = byReceiver.get(receiver);
      if (others) others.push(site);
      else byReceiver.set(receiver, [site]);
    }
    return byReceiver;
  }),
);

export const scaledBy = (receiver: string) => `${receiver}.scale()`;

function receiverOf(object: Expression): string {
  if (object.kind === "name" || object.kind === "attribute") return lastPart(object);
  const scaler = scalerOf(object);
  return scaler ? scaledBy(lastPart(scaler)) : "";
}

/** `scaler` of `scaler.scale(loss)`. */
export function scalerOf(object: Expression): Expression | null {
  return object.kind === "call" && object.callee.kind === "attribute" && object.callee.name === "scale"
    ? object.callee.object
    : null;
}
