/** A threshold where a framework is configured that clips by itself: DeepSpeed's dictionary, Stable-Baselines3's argument. */
import { describe, expect, it } from "vitest";
import { written } from "./testing/set-threshold.ts";

describe("into the configuration that DeepSpeed is given", () => {
  const script = (before: string, config: string) =>
    `import deepspeed\n${before}engine, *_ = deepspeed.initialize(model=model, config=${config})\nfor x in data:\n    engine.backward(engine(x))\n    engine.step()\n`;

  it.each<[string, string, string]>([
    [
      "where it is written in the call",
      script("", '{"train_batch_size": 8}'),
      script("", '{"train_batch_size": 8, "gradient_clipping": 3.0}'),
    ],
    [
      "on a line of its own",
      script('config = {\n    "train_batch_size": 8,\n}\n', "config"),
      script('config = {\n    "train_batch_size": 8,\n    "gradient_clipping": 3.0,\n}\n', "config"),
    ],
    [
      "where it is switched off",
      script('def read():\n    return {"gradient_clipping": None, "fp16": {}}\n\n', "read()"),
      script('def read():\n    return {"gradient_clipping": 3.0, "fp16": {}}\n\n', "read()"),
    ],
    [
      "where it is said already",
      script('config = {"gradient_clipping": 1.0}\n', "config"),
      script('config = {"gradient_clipping": 3.0}\n', "config"),
    ],
    [
      "where it is made by keywords",
      script("config = dict(train_batch_size=8)\n", "config"),
      script("config = dict(train_batch_size=8, gradient_clipping=3.0)\n", "config"),
    ],
    [
      "where keywords switch it off",
      script("", "dict(gradient_clipping=0, train_batch_size=8)"),
      script("", "dict(gradient_clipping=3.0, train_batch_size=8)"),
    ],
  ])("%s, once", (_, before, after) => {
    expect(written(before)).toBe(after);
    expect(written(after)).toBe(after);
  });

  it.each([
    ["is made of what can't be seen", script("config = dict(train_batch_size=8, **more)\n", "config")],
    ["is a file", script("", '"deepspeed.json"')],
    ["holds what can't be seen", script('config = {"train_batch_size": 8, **more}\n', "config")],
    ["is filled in later", script('config = {"train_batch_size": 8}\nconfig.update(more)\n', "config")],
    ["comes from elsewhere", script("from settings import config\n", "config")],
  ])("not where that %s", (_, text) => expect(written(text)).toMatch(/^refused: /));
});

describe("into the call that makes an algorithm of Stable-Baselines3's", () => {
  const script = (given: string) =>
    `from stable_baselines3 import PPO\nmodel = PPO("MlpPolicy", "CartPole-v1"${given})\nmodel.learn(1000)\n`;

  it("instead of its default, once", () => {
    expect(written(script(""))).toBe(script(", max_grad_norm=3.0"));
    expect(written(script(", max_grad_norm=3.0"))).toBe(script(", max_grad_norm=3.0"));
  });

  it("not beside options that may say it", () => expect(written(script(", **options"))).toMatch(/^refused: /));
});
