import { describe, expect, it } from "vitest";
import { apply } from "../../../test/analysis/analyser.ts";
import { Project } from "../../../test/analysis/project.ts";
import type { ThresholdRequest } from "../index.ts";

type Files = Readonly<Record<string, string>>;

/** The files that the edit changes, or why there is none. */
function set(files: Files, request: Partial<ThresholdRequest> = {}, name = "train.py") {
  const module = new Project(files).open(name);
  const result = module.thresholdEdit({ threshold: 0.5, siteLine: null, clipLine: null, ...request });
  if ("refused" in result) return result.refused;
  const changed = result.module?.path.slice("/project/".length) ?? name;
  expect(result.module?.text ?? files[name]).toBe(files[changed]);
  return { [changed]: apply(files[changed] ?? "", result.edits) };
}

const train = (before: string, threshold: string) => `import torch
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
for batch in batches:
    optimizer.zero_grad()
    model(batch).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), ${threshold})
    optimizer.step()
`;

describe("changes the number in the module that names it", () => {
  it.each<[string, string, string, string, (limit: string) => string]>([
    ["a constant", "from config import CLIP", "CLIP", "config.py", (n) => `LR = 1\nCLIP = ${n}\n`],
    ["a constant of a module", "import config", "config.CLIP", "config.py", (n) => `LR = 1\nCLIP = ${n}\n`],
    [
      "a constant whose name says nothing",
      "from config import LIMIT",
      "LIMIT",
      "config.py",
      (n) => `LR = 1\nLIMIT = ${n}\n`,
    ],
    ["a dictionary", "from config import cfg", 'cfg["clip"]', "config.py", (n) => `cfg = {"lr": 1, "clip": ${n}}\n`],
    ["a class", "from config import Config", "Config.clip", "config.py", (n) => `class Config:\n    clip = ${n}\n`],
    [
      "a dataclass",
      "from config import Config\ncfg = Config()",
      "cfg.clip",
      "config.py",
      (n) => `from dataclasses import dataclass\n@dataclass\nclass Config:\n    clip: float = ${n}\n`,
    ],
    [
      "a dataclass that a library fills",
      "from transformers import HfArgumentParser\nfrom config import Config\ncfg = HfArgumentParser(Config).parse_args_into_dataclasses()[0]",
      "cfg.limit",
      "config.py",
      (n) =>
        `from dataclasses import dataclass, field\n@dataclass\nclass Config:\n    limit: float = field(default=${n})\n`,
    ],
    [
      "an option of a parser",
      "from options import parse\nargs = parse()",
      "args.max_norm",
      "options.py",
      (n) =>
        `import argparse\ndef parse():\n    parser = argparse.ArgumentParser()\n    parser.add_argument("--max-norm", type=float, default=${n})\n    return parser.parse_args()\n`,
    ],
    [
      "an option that a module adds",
      "import argparse\nfrom options import extend\nparser = argparse.ArgumentParser()\nextend(parser)\nargs = parser.parse_args()",
      "args.max_norm",
      "options.py",
      (n) => `def extend(parser):\n    parser.add_argument("--max-norm", type=float, default=${n})\n`,
    ],
    [
      "an option of a class that parses",
      "from options import Options\nargs = Options().parse()",
      "args.max_norm",
      "options.py",
      (n) =>
        `import argparse\nclass Options:\n    def __init__(self):\n        self.parser = argparse.ArgumentParser()\n        self.parser.add_argument("--max-norm", default=${n})\n    def parse(self):\n        return self.parser.parse_args()\n`,
    ],
    [
      "what was parsed in a module",
      "from options import args",
      "args.max_norm",
      "options.py",
      (n) =>
        `import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--max-norm", default=${n})\nargs = parser.parse_args()\n`,
    ],
    [
      "what a package passes on",
      "from settings import CLIP",
      "CLIP",
      "settings/values.py",
      (n) => `"""Ünïcode 🙂"""\r\nCLIP = ${n}\r\n`,
    ],
  ])("%s", (_, before, threshold, name, text) => {
    const files = {
      "train.py": train(before, threshold),
      "settings/__init__.py": "from .values import CLIP\n",
      [name]: text("5.0"),
    };
    expect(set(files)).toEqual({ [name]: text("0.5") });
  });
});

describe("a loop in a module of the script", () => {
  const engine = (limit = "limit") => `import torch


def train_one_epoch(model, optimizer, limit=1.0):
    for batch in batches:
        model(batch).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), ${limit})
        optimizer.step()
`;
  const script = (call: string, before = "") => `import torch
from engine import train_one_epoch
${before}
optimizer = torch.optim.SGD(model.parameters(), lr=1)
${call}
`;
  const within = { path: "/project/engine.py", text: engine() };
  const seen = { within, siteLine: 7, clipLine: 6 };

  it("is told the number by the script", () => {
    const main = (n: string) => script(`train_one_epoch(model, optimizer, ${n})`);
    expect(set({ "train.py": main("3.0"), "engine.py": engine() }, seen)).toEqual({ "train.py": main("0.5") });
    const named = (n: string) => script("train_one_epoch(model, optimizer, limit=LIMIT)", `LIMIT = ${n}`);
    expect(set({ "train.py": named("3.0"), "engine.py": engine() }, seen)).toEqual({ "train.py": named("0.5") });
  });

  it("keeps its default where the script says nothing", () => {
    const files = { "train.py": script("train_one_epoch(model, optimizer)"), "engine.py": engine() };
    expect(set(files, seen)).toEqual({ "engine.py": engine().replace("limit=1.0", "limit=0.5") });
  });

  it("is found by its update alone", () => {
    const main = (n: string) => script(`train_one_epoch(model, optimizer, ${n})`);
    const files = { "train.py": main("3.0"), "engine.py": engine() };
    expect(set(files, { ...seen, clipLine: null })).toEqual({ "train.py": main("0.5") });
  });

  it("isn't shown by a script that doesn't lead there", () => {
    const module = new Project({ "train.py": train("", "1.0"), "engine.py": engine() }).open();
    expect(module.thresholdEdit({ threshold: 0.5, ...seen })).toHaveProperty("unseen", true);
  });
});

describe("leaves alone what may come from elsewhere", () => {
  const options = `import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--max-norm", default=1.0)
args = parser.parse_args()
`;
  it.each<[string, Files]>([
    [
      "an option of two modules",
      { "train.py": train("from a import args\nimport b", "args.max_norm"), "a.py": options, "b.py": options },
    ],
    [
      "a default that another module sets again",
      {
        "train.py": train("from a import args\nimport b", "args.max_norm"),
        "a.py": options,
        "b.py": "from a import parser\nparser.set_defaults(max_norm=2.0)\n",
      },
    ],
    [
      "what another library's object has",
      {
        "train.py": train("import wandb\nfrom a import Config", "wandb.config.limit"),
        "a.py": "class Config:\n    limit = 1.0\n",
      },
    ],
    [
      "two classes with such a field",
      {
        "train.py": train("from a import A, B", "load().limit"),
        "a.py": "class A:\n    limit = 1.0\nclass B:\n    limit = 2.0\n",
      },
    ],
  ])("%s", (_, files) => expect(set(files)).toEqual(expect.stringContaining("by hand")));
});

describe("changes the number in the file that the script reads", () => {
  const yaml = (n: string) => `# Training\ntrain:\n  lr: 0.1\n  clip: ${n} # norm\n`;
  const json = (n: string) => `{"train": {"lr": 0.1, "clip": ${n}}}\n`;
  it.each<[string, string, string, string, (limit: string) => string]>([
    [
      "OmegaConf",
      'from omegaconf import OmegaConf\ncfg = OmegaConf.load("config.yaml")',
      "cfg.train.clip",
      "config.yaml",
      yaml,
    ],
    [
      "yaml, in a block that opens it",
      'import yaml\nwith open("config.yaml") as f:\n    cfg = yaml.safe_load(f)',
      'cfg["train"]["clip"]',
      "config.yaml",
      yaml,
    ],
    [
      "a function that loads it",
      'import yaml\ndef load(path):\n    with open(path) as f:\n        return yaml.load(f, Loader=yaml.SafeLoader)\ncfg = load("config.yaml")',
      'cfg["train"]["clip"]',
      "config.yaml",
      yaml,
    ],
    [
      "json",
      'import json\ncfg = json.load(open("conf/config.json"))["train"]',
      'cfg.get("clip", 1.0)',
      "conf/config.json",
      json,
    ],
    [
      "json, by pathlib",
      'import json\nfrom pathlib import Path\nclip = json.loads(Path("config.json").read_text())["train"]["clip"]',
      "clip",
      "config.json",
      json,
    ],
  ])("%s", (_, before, threshold, name, text) => {
    const files = { "train.py": train(before, threshold), [name]: text("5.0") };
    expect(set(files)).toEqual({ [name]: text("0.5") });
  });

  describe("that is merged into what the script says", () => {
    const merged = (...parts: string[]) => `from omegaconf import OmegaConf
@dataclass
class Config:
    clip: float = 1.0
cfg = OmegaConf.merge(${parts.join(", ")})`;
    const [own, plain] = ['OmegaConf.load("own.yaml")', "OmegaConf.structured(Config)"];
    const files = (parts: string[], name = "own.yaml", clip = "5.0") => ({
      "train.py": train(merged(...parts), "cfg.clip"),
      [name]: `clip: ${clip}\n`,
    });
    it.each<[string, string[]]>([
      ["behind a class", [plain, own]],
      ["before the command line", [own, "OmegaConf.from_cli()"]],
      ["behind another file", ['OmegaConf.load("base.yaml")', own]],
    ])("%s", (_, parts) => expect(set(files(parts))).toEqual({ "own.yaml": "clip: 0.5\n" }));
    it("or in the file before, where it has no such key", () =>
      expect(set({ ...files([own, 'OmegaConf.load("more.yaml")']), "more.yaml": "lr: 0.1\n" })).toEqual({
        "own.yaml": "clip: 0.5\n",
      }));
    it("but not before what can't be seen", () => expect(set(files([own, "given()"]))).toContain("by hand"));
  });

  const hydra = `import hydra
import torch


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    fit(build(), cfg)


def fit(model, cfg):
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    model(batch).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), cfg.train.clip)
    optimizer.step()


main()
`;
  it("Hydra", () => {
    const files = { "train.py": hydra, "conf/config.yaml": yaml("5.0") };
    expect(set(files)).toEqual({ "conf/config.yaml": yaml("0.5") });
  });
  it("Hydra, in the group that is chosen", () => {
    const group = (n: string) => `lr: 0.1\nclip: ${n}\n`;
    const files = {
      "train.py": hydra,
      "conf/config.yaml": "defaults:\n  - train: small\n  - _self_\n",
      "conf/train/small.yaml": group("5.0"),
      "conf/train/large.yaml": group("2.0"),
    };
    expect(set(files)).toEqual({ "conf/train/small.yaml": group("0.5") });
  });

  it.each<[string, string, string, string]>([
    [
      "a file that the command line names",
      "import sys, json\ncfg = json.load(open(sys.argv[1]))",
      'cfg["clip"]',
      '{"clip": 1.0}',
    ],
    ["a file that isn't there", 'import json\ncfg = json.load(open("other.json"))', 'cfg["clip"]', '{"clip": 1.0}'],
    [
      "a key that isn't there",
      'import json\ncfg = json.load(open("config.json"))',
      'cfg["clip"]',
      '{"grad_clip": 1.0}',
    ],
    ["what is no number", 'import json\ncfg = json.load(open("config.json"))', 'cfg["clip"]', '{"clip": "auto"}'],
    [
      "what is changed behind it",
      'import json\ncfg = json.load(open("config.json"))\ncfg["clip"] = tame(cfg)',
      'cfg["clip"]',
      '{"clip": 1.0}',
    ],
    [
      "one of two files",
      'import json\ncfg = json.load(open("config.json"))\nif large:\n    cfg = json.load(open("large.json"))',
      'cfg["clip"]',
      '{"clip": 1.0}',
    ],
  ])("but not %s", (_, before, threshold, config) => {
    expect(set({ "train.py": train(before, threshold), "config.json": config })).toContain("by hand");
  });
});
