/** Stable-Baselines3: algorithms that clip by themselves. */
import { at, type Framework } from "./framework.ts";

const POLICY_GRADIENT = /^(stable_baselines3|sb3_contrib)\.(PPO|A2C|MaskablePPO|RecurrentPPO)$/;
const Q_LEARNING = /^stable_baselines3\.DQN$/;
/** Clips only when it is told to. */
const QUANTILES = /^sb3_contrib\.QRDQN$/;
const TRAINED = ["stable_baselines3.PPO", "stable_baselines3.A2C", "stable_baselines3.DQN"];
const CONTRIBUTED = ["sb3_contrib.MaskablePPO", "sb3_contrib.RecurrentPPO", "sb3_contrib.QRDQN"];

export const stableBaselines3: Framework = {
  name: "stable-baselines3",
  title: "Stable-Baselines3",
  mentions: ["stable_baselines3", "sb3_contrib"],
  triggers: ["learn"],
  aliases: [
    ["stable_baselines3.ppo.PPO", "stable_baselines3.PPO"],
    ["stable_baselines3.a2c.A2C", "stable_baselines3.A2C"],
    ["stable_baselines3.dqn.DQN", "stable_baselines3.DQN"],
    ["sb3_contrib.ppo_mask.MaskablePPO", "sb3_contrib.MaskablePPO"],
    ["sb3_contrib.ppo_recurrent.RecurrentPPO", "sb3_contrib.RecurrentPPO"],
    ["sb3_contrib.qrdqn.QRDQN", "sb3_contrib.QRDQN"],
  ],
  optimizers: /^(stable_baselines3|sb3_contrib)\.(PPO|A2C|MaskablePPO|RecurrentPPO|DQN|QRDQN)$/,
  settings: [
    { on: POLICY_GRADIENT, threshold: at(null, "max_grad_norm"), kind: "norm", fallback: 0.5 },
    { on: Q_LEARNING, threshold: at(null, "max_grad_norm"), kind: "norm", fallback: 10 },
    { on: QUANTILES, threshold: at(null, "max_grad_norm"), kind: "norm", noneIsDefault: true },
  ],
  calls: Object.fromEntries(
    [...TRAINED, ...CONTRIBUTED].map((name) => [
      `${name}().learn`,
      { event: "step", optimizer: "receiver", managed: true },
    ]),
  ),
  architectures: [
    { architecture: "value-learning", pattern: /^(stable_baselines3\.DQN|sb3_contrib\.QRDQN)$/ },
    { architecture: "reinforcement", pattern: /^(stable_baselines3\.(PPO|A2C)|sb3_contrib\.\w+PPO)$/ },
  ],
  managedSpelling: { place: "argument", keyword: () => "max_grad_norm" },
  inert: /^(stable_baselines3|sb3_contrib)(\.|$)/,
};
