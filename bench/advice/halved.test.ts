import { join } from "node:path";
import { expect, it } from "vitest";
import { halvedBeside, scaleInvariantTasks } from "./halved.ts";

it("reads the optimizer of each training", () => {
  const tasks = scaleInvariantTasks(join(import.meta.dirname, "retrained"));
  expect(tasks).toContain("gru_translation"); // Adam
  expect(tasks).toContain("adding_gru"); // RMSprop
  expect(tasks).not.toContain("hot_mlp"); // SGD
  expect(tasks).toHaveLength(15);
});

it("keeps the tasks on which it was thought up from those that test it", () => {
  const found = halvedBeside(
    ["variational", "word_lstm", "not scored"],
    { variational: 0, word_lstm: Math.log(2) },
    { variational: Math.log(4), word_lstm: 0 },
  );
  expect(found.thoughtUp).toMatchObject({ tasks: 1, excess: -0.75 });
  expect(found.tested).toMatchObject({ tasks: 1, excess: 1 });
});
