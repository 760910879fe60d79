import { describe, expect, it } from "vitest";
import { fixAll, lint, rulesFound } from "../../../test/analysis/analyser.ts";

const script = (learner: string, fit = "learn.fine_tune(3)", imports = "from fastai.vision.all import *") => `${imports}

data = ImageDataLoaders.from_folder("images")
learn = ${learner}
${fit}
`;

describe("fastai's learners", () => {
  it("train unclipped unless a callback clips, also by names from a wildcard import", () => {
    const text = script("vision_learner(data, resnet18)");
    expect(lint(text).map(({ rule, severity }) => [rule, severity])).toEqual([["missing-clipping", "information"]]);
    expect(fixAll(text)).toBe(script("vision_learner(data, resnet18, cbs=GradientClip(1.0))"));
    const named = script("Learner(data, net)", "learn.fit(1)", "from fastai.learner import Learner");
    expect(rulesFound(named)).toEqual(["missing-clipping"]);
  });

  it.each([
    ["a clipping callback", script("vision_learner(data, resnet18, cbs=GradientClip(0.1))")],
    ["callbacks that can't be seen", script("vision_learner(data, resnet18, cbs=callbacks)")],
    ["callbacks of the fit", script("vision_learner(data, resnet18)", "learn.fit(1, cbs=GradientClip())")],
    [
      "a callback that is added",
      script("vision_learner(data, resnet18)", "learn.add_cb(GradientClip(0.1))\nlearn.fit(1)"),
    ],
    ["a learner from elsewhere", script("load_learner('model.pkl')")],
    ["a learner that only predicts", script("vision_learner(data, resnet18)", "learn.get_preds()")],
  ])("say nothing with %s", (_, text) => expect(rulesFound(text)).toEqual([]));
});
