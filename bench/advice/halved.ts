/**
 * Adam and its kin undo the scale of gradients, so that too low a threshold costs them little. Would half the suggestion do
 * better there? It was thought up on all such trainings of `retrained/` but those that were written to test it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isScaleInvariant } from "../../server/advice/optimizer.ts";
import { type Difference, difference } from "./quality.ts";
import { gradsight, type Method } from "./rivals.ts";

export const half: Method = (norms) => 0.5 * gradsight(norms);

const WRITTEN_TO_TEST = new Set(["adding_gru", "denoising", "wild_table", "word_lstm", "wrong_labels"]);

/** Tasks of a data folder whose optimizer, as `tasks/` has it, undoes scale. None where the code isn't there. */
export function scaleInvariantTasks(folder: string): string[] {
  const tasks = join(folder, "tasks");
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks)
    .filter((file) => file.endsWith(".py"))
    .filter((file) => {
      const [, optimizer = null] = /\btorch\.optim\.(\w+)/.exec(readFileSync(join(tasks, file), "utf8")) ?? [];
      return isScaleInvariant(optimizer) === true;
    })
    .map((file) => basename(file, ".py"));
}

/** `halved` and `ours`: `byTask` of {@link half} and of the suggestion, as in `Quality`. */
export function halvedBeside(
  tasks: readonly string[],
  halved: Record<string, number>,
  ours: Record<string, number>,
): Record<"thoughtUp" | "tested", Difference & { readonly tasks: number }> {
  const among = (chosen: (task: string) => boolean) => {
    const those = tasks.filter((task) => task in ours && chosen(task));
    const of = (byTask: Record<string, number>) => Object.fromEntries(those.map((task) => [task, byTask[task]!]));
    return { tasks: those.length, ...difference(of(halved), of(ours)) };
  };
  return {
    thoughtUp: among((task) => !WRITTEN_TO_TEST.has(task)),
    tested: among((task) => WRITTEN_TO_TEST.has(task)),
  };
}
