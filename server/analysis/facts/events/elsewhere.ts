/** What happens in a module that the file imports: for the file, it happens at its own call that leads there. */
import type { Call, Statement } from "../../syntax/ast.ts";
import type { Seen, TrainingEvent } from "./events.ts";

/** The call in the file that leads into another module. */
export interface Way extends Seen {
  readonly node: Call;
  readonly statement: Statement;
}

/** Nothing of the other text is left in reach of a message or an edit but what `origin` holds. */
export function seenFrom({ node, statement, frame, scope }: Way, event: TrainingEvent): TrainingEvent {
  const place = { node, statement, frame, scope };
  switch (event.kind) {
    case "clip":
      return { ...event, ...place, call: null, parameters: null, threshold: null, renamed: null, origin: event };
    case "step":
      return { ...event, ...place, scaler: null, closure: null, origin: event };
    case "backward":
      return { ...event, ...place, receiver: null, origin: event };
    default:
      return { ...event, ...place, origin: event };
  }
}
