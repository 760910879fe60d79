/**
 * `trainer_state.json` of Hugging Face's trainers, in every checkpoint: `log_history` has an entry for each time of logging.
 * `grad_norm` is what clipping returned, so the norm before it. The threshold is in another file, a pickle: it stays unknown.
 */

import { numberIn, parseLenient } from "../lenient-json.ts";
import { BadFile } from "../log-file.ts";
import type { LogFormat, Row } from "../log-format.ts";
import { asStep } from "./step-columns.ts";

export const trainerState: LogFormat = {
  id: "trainer-state",
  title: "trainer_state.json",

  recognizes(name, head) {
    const isObject = head.toString().trimStart().startsWith("{");
    return isObject && (name.endsWith(".json") || head.includes('"log_history"'));
  },

  async *rows(file, about) {
    let state: unknown;
    try {
      state = parseLenient(await file.text());
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new BadFile(`${file.name} is not sound JSON, or only a part of it: ${error.message}.`);
    }
    const history = (state as { log_history?: unknown } | null)?.log_history;
    if (!Array.isArray(history))
      throw new BadFile(
        `${file.name} has no "log_history": it is not the trainer_state.json of a Hugging Face trainer.`,
      );
    about.framework = "transformers";
    for (const entry of history) {
      const row = read(entry);
      if (row) yield row;
    }
  },
};

/** null for what the training didn't log: an evaluation, the summary at the end. */
function read(entry: unknown): Row | null {
  if (typeof entry !== "object" || entry === null) return null;
  const { step, ...logged } = entry as Record<string, unknown>;
  const at = asStep(numberIn(step));
  if (at === null) return null;
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(logged)) {
    const number = numberIn(value);
    if (number !== null) values[name] = number;
  }
  return { step: at, time: null, values };
}
