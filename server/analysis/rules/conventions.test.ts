import { describe, expect, it } from "vitest";
import { fixAll, lint } from "../../../test/analysis/analyser.ts";

describe("severity and threshold come from the network", () => {
  const train = (build: string) => `import torch\nfrom torch import nn\n${build}
opt = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
opt.step()
`;
  it.each([
    ["model = nn.LSTM(8, 8)", "warning", "max_norm=1.0"],
    ["vocab_size = 9\nmodel = nn.Sequential(nn.Embedding(9, 8), nn.LSTM(8, 8))", "warning", "max_norm=0.25"],
    ["model = nn.TransformerEncoderLayer(8, 1)", "warning", "max_norm=1.0"],
    ["import gymnasium\nmodel = nn.Linear(8, 8)", "warning", "max_norm=0.5"],
    ["import gymnasium\nclass DQN: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["class GaussianDiffusion: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=1.0"],
    ["def diffusion(t, y): return y\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["from network import EncoderRNN\nmodel = EncoderRNN(8)", "warning", "max_norm=1.0"],
    ["from network import GPT\nmodel = GPT(config)", "warning", "max_norm=1.0"],
    ["from network import *\nmodel = SentenceGRU(8)", "warning", "max_norm=1.0"],
    ["from words import BertTokenizer\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["class Actor(nn.Module): pass\nmodel = Actor()", "warning", "max_norm=0.5"],
    ["import gym\nfrom algorithms import TD3\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["import parl\nmodel = nn.Linear(8, 8)", "warning", "max_norm=0.5"],
    ["class PolicyGradient: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=0.5"],
    ["class TwoHeadedDDPG: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["class IQLLearner: pass\nmodel = nn.Linear(8, 8)", "warning", "max_norm=10.0"],
    ["from styles import TransformerNet\nmodel = TransformerNet()", "information", "max_norm=1.0"],
    ["from sklearn.compose import ColumnTransformer\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["model = nn.Conv2d(3, 8, 3)", "information", "max_norm=1.0"],
    ["model = nn.Linear(8, 8)", "information", "max_norm=1.0"],
  ])("%s", (build, severity, threshold) => {
    const [finding] = lint(train(build));
    expect(finding?.severity).toBe(severity);
    expect(fixAll(train(build))).toContain(threshold);
  });

  const agent = (held: string) => `import gymnasium, torch
class Agent:
    def __init__(self, net, tune=True):
        if tune:
            ${held}
            self.opt = torch.optim.Adam(self.held, lr=1e-3)
        else:
            self.log_alpha = None
    def learn(self, loss):
        loss.backward()
        self.opt.step()
`;
  it.each([
    [
      "a temperature",
      "self.log_alpha = torch.zeros(1, requires_grad=True).to('cuda'); self.held = [self.log_alpha]",
      "information",
    ],
    ["layers by hand", "a = torch.randn(8, 8); b = torch.zeros(8); self.held = [a, b]", "warning"],
    ["a network", "self.held = net.parameters()", "warning"],
    ["who knows what", "self.log_alpha = net; self.held = [self.log_alpha]", "warning"],
  ])("of what is updated: %s", (_, held, severity) => {
    const [finding, another] = lint(agent(held));
    expect(finding?.severity).toBe(severity);
    expect(finding?.related.some(({ message }) => message.includes("usual here"))).toBe(severity === "warning");
    expect(finding?.fix?.title).toContain(severity === "warning" ? "policy-gradient methods do" : "most recipes do");
    expect(another).toBeUndefined();
  });

  it("shows the network, not the configuration beside it", () => {
    const [finding] = lint(train("from network import GPTConfig, GPT\nmodel = GPT(GPTConfig())"));
    expect(finding?.related.map(({ message }) => message)).toContain("`GPT`: clipping is usual here");
  });
});

describe("in tests", () => {
  const network = `import torch

model = torch.nn.LSTM(4, 4)
optimizer = torch.optim.Adam(model.parameters())
`;
  const step = `    model(batch)[0].sum().backward()
    optimizer.step()
`;
  it.each([
    ["pytest's", `${network}\ndef test_learns(batch):\n${step}`],
    ["unittest's", `import unittest\n${network}\ndef run(batch):\n${step}`],
  ])("it is information, whatever the network: %s", (_, text) =>
    expect(lint(text).map(({ rule, severity }) => [rule, severity])).toEqual([["missing-clipping", "information"]]),
  );
  it.each([
    ["", `${network}\ndef run(batch):\n${step}`],
    ["what evaluates is called", `${network}\ndef test_agent(): pass\ndef run(batch):\n    test_agent()\n${step}`],
    [
      "what prepares is passed on",
      `${network}\ndef test_rows(row): pass\ntable.map(test_rows)\ndef run(batch):\n${step}`,
    ],
    ["what evaluates is another's", `${network}\nclass Agent:\n    def test_one(self): pass\ndef run(batch):\n${step}`],
  ])("elsewhere a warning: %s", (_, text) => {
    expect(lint(text).map(({ severity }) => severity)).toEqual(["warning"]);
  });
});
