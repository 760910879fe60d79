import { expect, it } from "vitest";
import { FRAMEWORKS } from "../frameworks/index.ts";
import { containing, mayTrain } from "./facts.ts";

it.each([
  ["an optimizer's step", "import torch\noptimizer.step()\n"],
  ["a step beside a scheduler's", "import torch\nlr_scheduler.step()\nopt.step()\n"],
  ["what is called a step", "import torch\noptimizer_step(model)\n"],
  ["a step that is handed on", "import torch\nadvance = optimizer.step\n"],
  ["a differentiable optimizer", "import higher\ndiffopt.step(loss)\n"],
])("looks into a file with %s", (_, text) => {
  expect(mayTrain(containing(text), FRAMEWORKS)).toBe(true);
});

it.each([
  ["of a diffusion's scheduler", "import torch\nlatents = self.scheduler.step(noise, t, latents)\n"],
  ["of a scheduler that is another object's", "from accelerate import Accelerator\nself.noise_scheduler.step(noise)\n"],
  ["that are counted", "import torch\nfor t in range(config.steps):\n    xm.mark_step()\n"],
  ["of a walk that goes higher", "# The higher the step, the better.\nstep = 2\n"],
])("leaves a file with steps %s alone", (_, text) => {
  expect(mayTrain(containing(text), FRAMEWORKS)).toBe(false);
});
