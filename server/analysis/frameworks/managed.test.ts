/** Frameworks whose training is one call: what each does without being told, and what is silent. */
import { describe, expect, it } from "vitest";
import { fixAll, rulesFound } from "../../../test/analysis/analyser.ts";

describe("Hugging Face's trainers clip by default", () => {
  it.each([
    ["Trainer", "from transformers import Trainer\ntrainer = Trainer(model=net)\ntrainer.train()\n"],
    [
      "TRL",
      `from trl import SFTConfig, SFTTrainer
trainer = SFTTrainer(model="gpt2", args=SFTConfig(output_dir="out"))
trainer.train()
`,
    ],
    [
      "arguments from the command line",
      `from transformers import HfArgumentParser, Trainer, TrainingArguments
(arguments,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()
trainer = Trainer(model=net, args=arguments)
trainer.train()
`,
    ],
    [
      "arguments of a class of the file",
      `from dataclasses import dataclass
from transformers import Trainer, TrainingArguments

@dataclass
class Arguments(TrainingArguments):
    max_grad_norm: float = 0.3

trainer = Trainer(model=net, args=Arguments("out"))
trainer.train()
`,
    ],
  ])("%s", (_, text) => expect(rulesFound(text)).toEqual([]));

  it.each([
    ["trl.trainer", "SFT"],
    ["trl.trainer.grpo_trainer", "GRPO"],
    ["trl.experimental.orpo", "ORPO"],
  ])("TRL, by the module %s", (module, name) => {
    const text = `from ${module} import ${name}Trainer
from trl import ${name}Config
trainer = ${name}Trainer(model="gpt2", args=${name}Config("out", max_grad_norm=0))
trainer.train()
`;
    expect(rulesFound(text)).toEqual(["disabled-clipping"]);
  });

  it("TRL, switched off", () => {
    const text = `from trl import DPOConfig, DPOTrainer
trainer = DPOTrainer(model="gpt2", args=DPOConfig(output_dir="out", max_grad_norm=0.0))
trainer.train()
`;
    expect(rulesFound(text)).toEqual(["disabled-clipping"]);
  });
});

describe("Stable-Baselines3 clips by default", () => {
  const script = (argument: string) => `from stable_baselines3 import PPO
model = PPO("MlpPolicy", "CartPole-v1"${argument})
model.learn(10_000)
`;
  it("PPO", () => expect(rulesFound(script(""))).toEqual([]));
  it("PPO with a threshold", () => expect(rulesFound(script(", max_grad_norm=0.3"))).toEqual([]));
});

describe("sb3_contrib", () => {
  const script = (name: string, argument = "", from = "sb3_contrib") => `from ${from} import ${name}
model = ${name}("Policy", "CartPole-v1"${argument})
model.learn(10_000)
`;
  it.each(["MaskablePPO", "RecurrentPPO"])("%s clips by default, and not when told so", (name) => {
    expect(rulesFound(script(name))).toEqual([]);
    expect(rulesFound(script(name, ", max_grad_norm=None"))).not.toEqual([]);
  });
  it("QRDQN clips only when it is told to", () => {
    const text = script("QRDQN", "", "sb3_contrib.qrdqn");
    expect(rulesFound(text)).toEqual(["missing-clipping"]);
    expect(fixAll(text)).toContain(", max_grad_norm=10.0)");
    expect(rulesFound(fixAll(text))).toEqual([]);
    expect(rulesFound(script("QRDQN", ", max_grad_norm=None"))).toEqual(["missing-clipping"]);
    expect(rulesFound(script("QRDQN", ", **options"))).toEqual([]);
  });
});

describe("Ignite's ready-made trainer", () => {
  const script = (optimizer: string) => `import torch
from ignite.engine import create_supervised_trainer
model = torch.nn.LSTM(8, 8)
trainer = create_supervised_trainer(model, ${optimizer}, torch.nn.functional.mse_loss)
trainer.run(batches)
`;
  it("trains unclipped", () =>
    expect(rulesFound(script("torch.optim.Adam(model.parameters())"))).toEqual(["missing-clipping"]));
  it("says nothing of an optimizer that clips by itself", () =>
    expect(
      rulesFound(
        script("FusedLAMB(model.parameters())").replace(
          "import torch\n",
          "import torch\nfrom apex.optimizers import FusedLAMB\n",
        ),
      ),
    ).toEqual([]));
});

describe("DeepSpeed's engine", () => {
  const script = (config: string) => `import deepspeed
engine, _, _, _ = deepspeed.initialize(model=net, config=${config})
for batch in batches:
    engine.backward(engine(batch))
    engine.step()
`;
  it("clips as its configuration says", () => expect(rulesFound(script('{"gradient_clipping": 1.0}'))).toEqual([]));
  it("says nothing of a configuration in a file", () => expect(rulesFound(script('"ds.json"'))).toEqual([]));
});
