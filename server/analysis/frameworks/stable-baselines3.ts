/** Stable-Baselines3: algorithms that clip by themselves. */
import { at, type Framework } from "./framework.ts";

const POLICY_GRADIENT = /^(stable_baselines3|sb3_contrib)\.(PPO|A2C|MaskablePPO|RecurrentPPO)$/;
const Q_LEARNING = /^(stable_baselines3|sb3_contrib)\.(DQN|QRDQN)$/;

export const stableBaselines3: Framework = {
  name: "stable-baselines3",
  title: "Stable-Baselines3",
  mentions: ["stable_baselines3", "sb3_contrib"],
  triggers: ["learn"],
  aliases: [
    ["stable_baselines3.ppo.PPO", "stable_baselines3.PPO"],
    ["stable_baselines3.a2c.A2C", "stable_baselines3.A2C"],
    ["stable_baselines3.dqn.DQN", "stable_baselines3.DQN"],
  ],
  optimizers: /^(stable_baselines3|sb3_contrib)\.(PPO|A2C|MaskablePPO|RecurrentPPO|DQN|QRDQN)$/,
  settings: [
    { on: POLICY_GRADIENT, threshold: at(null, "max_grad_norm"), kind: "norm", fallback: 0.5 },
    { on: Q_LEARNING, threshold: at(null, "max_grad_norm"), kind: "norm", fallback: 10 },
  ],
  calls: Object.fromEntries(
    ["PPO", "A2C", "DQN"].map((name) => [
      `stable_baselines3.${name}().learn`,
      { event: "step", optimizer: "receiver", managed: true },
    ]),
  ),
  managedSpelling: { place: "argument", keyword: () => "max_grad_norm" },
  inert: /^(stable_baselines3|sb3_contrib)(\.|$)/,
};
