import { describe, expect, it } from "vitest";
import { fixAll, lint } from "../../../test/analysis/analyser.ts";
import { Project } from "../../../test/analysis/project.ts";

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
    ["class RNN(nn.Module): pass\nmodel = RNN()", "warning", "max_norm=1.0"],
    ["from network import LSTM\nmodel = LSTM(8)", "warning", "max_norm=1.0"],
    ["from keras.layers import LSTM\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
    ["from torch.nn import LSTM, Linear\nmodel = Linear(8, 8)", "information", "max_norm=1.0"],
    ["from torch.nn import LSTM as Cell\nmodel = build({'cell': Cell})", "warning", "max_norm=1.0"],
    ["from buffers import ReplayBuffer\nmodel, past = nn.Linear(8, 8), ReplayBuffer()", "warning", "max_norm=10.0"],
    [
      "from buffers import ReplayBuffer\nclass Discriminator(nn.Module): pass\nmodel, past = Discriminator(), ReplayBuffer()",
      "information",
      "max_norm=1.0",
    ],
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
    ["from tables import DataTransformer\nmodel = nn.Linear(8, 8)", "information", "max_norm=1.0"],
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

  it.each([
    ["def transform(self, rows): return rows", "information"],
    ["def forward(self, rows): return rows", "warning"],
    ["def transform(self, x): return x\n    def __call__(self, x): return self.transform(x)", "warning"],
    ["", "warning"],
  ])("looks at a class that is called a transformer, here or where it is imported from: %s", (method, severity) => {
    const definition = `class ImageTransformer:\n    kind = 1\n    ${method}\n`;
    const build = "model = build()";
    const project = new Project({
      "train.py": train(`from tables import ImageTransformer\n${build}`),
      "tables.py": definition,
    });
    expect(project.lint().map((finding) => finding.severity)).toEqual([severity]);
    expect(lint(train(`${definition}${build}`)).map((finding) => finding.severity)).toEqual([severity]);
  });

  it("shows the network, not the configuration beside it", () => {
    const [finding] = lint(train("from network import GPTConfig, GPT\nmodel = GPT(GPTConfig())"));
    expect(finding?.related.map(({ message }) => message)).toContain("`GPT`: clipping is usual here");
  });
});

describe("in a file of several models each goes by its own layers", () => {
  const reader = "reader = keras.Sequential([keras.layers.Bidirectional(keras.layers.GRU(9)), keras.layers.Dense(1)])";
  const keras = (build: string) => `import keras\nfrom nets import make\n${reader}\n${build}
model.compile(loss="mse", optimizer="adam")
model.fit(x, y)
reader.compile(loss="mse", optimizer="adam")
reader.fit(x, y)
`;
  it.each([
    ["a list of layers", "model = keras.Sequential([keras.layers.Dense(units)])"],
    [
      "layers added one by one",
      "model = keras.models.Sequential()\nmodel.add(keras.layers.Flatten(input_shape=x.shape))\nmodel.add(keras.layers.Dense(1))",
    ],
    [
      "layers called one on the other",
      "given = keras.Input(shape=[8])\nhidden = keras.layers.Dense(8)(given)\nhidden = keras.layers.Concatenate()([given, hidden])\nmodel = keras.Model(inputs=[given], outputs=[hidden])",
    ],
    [
      "models of models",
      "half = keras.Sequential([keras.layers.Conv2D(8, 3)])\nmodel = keras.Sequential([half, keras.Sequential([keras.layers.Dense(1)])])",
    ],
    [
      "a class",
      "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.out = keras.layers.Dense(1)\n    def call(self, x):\n        return self.out(x)\nmodel = Net()",
    ],
  ])("%s", (_, build) =>
    expect(lint(keras(build)).map(({ severity }) => severity)).toEqual(["information", "warning"]),
  );
  it.each([
    ["a layer that can't be seen", "model = keras.Sequential([make(), keras.layers.Dense(1)])"],
    ["a model that can't be seen", "model = make()"],
    ["a model that is read from a file", 'model = keras.models.load_model("model.keras")'],
    ["nothing that is added here", "model = keras.Sequential()\nmake(model)"],
    ["a recurrent layer, added", "model = keras.Sequential()\nmodel.add(keras.layers.LSTM(8))"],
    ["a model of a recurrent one", "model = keras.Sequential([reader, keras.layers.Dense(1)])"],
    [
      "a recurrent layer, called",
      "given = keras.Input(shape=[8, 8])\nmodel = keras.Model(given, keras.layers.LSTM(1)(given))",
    ],
    [
      "a class of recurrent layers",
      "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.out = keras.layers.GRU(1)\nmodel = Net()",
    ],
  ])("as the file does with %s", (_, build) =>
    expect(lint(keras(build)).map(({ severity }) => severity)).toEqual(["warning", "warning"]),
  );

  const torch = (head: string) => `import torch
from torch import nn
from blocks import Block

class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 8)

${head}

reader = Reader()
first = torch.optim.Adam(head.parameters())
second = torch.optim.Adam(reader.parameters())
loss.backward()
first.step()
second.step()
`;
  const own = (build: string) =>
    `class Head(nn.Module):\n    def __init__(self, kind=Block):\n        super().__init__()\n        self.out = ${build}\n    def forward(self, x):\n        return self.out(x).view(-1)\nhead = Head()`;
  it.each([
    ["nn.Sequential", "head = nn.Sequential(nn.Linear(8, 8), nn.ReLU())", "information"],
    ["a class", own("nn.Linear(8, 8)"), "information"],
    ["a function of the file", `def layer():\n    return nn.Linear(8, 8)\n${own("layer()")}`, "information"],
    ["a function that builds a recurrent one", `def layer():\n    return nn.GRU(8, 8)\n${own("layer()")}`, "warning"],
    ["a class of another module", own("Block(8)"), "warning"],
    ["a class that is passed in", own("kind(8)"), "warning"],
    ["a class by its name", own('getattr(nn, "GRU")(8, 8)'), "warning"],
    ["what may be anything", "head = nn.Sequential(*layers)", "warning"],
  ])("PyTorch, %s", (_, head, severity) =>
    expect(lint(torch(head)).map((finding) => finding.severity)).toEqual([severity, "warning"]),
  );
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
