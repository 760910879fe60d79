import { describe, expect, it } from "vitest";
import { analyser, rulesFound } from "../../../test/analysis/analyser.ts";
import { set, train } from "./testing/set-threshold.ts";

describe("changes the number where it comes from", () => {
  it.each([
    ["a literal", "", "1.0", "", "0.5"],
    ["a keyword", "", "max_norm=1", "", "max_norm=0.5"],
    ["a constant", "MAX_NORM = 5.0", "MAX_NORM", "MAX_NORM = 0.5", "MAX_NORM"],
    ["a dict", 'cfg = {"lr": 1, "clip": 5.0}', 'cfg["clip"]', 'cfg = {"lr": 1, "clip": 0.5}', 'cfg["clip"]'],
    [
      "a command-line default",
      'parser = argparse.ArgumentParser()\nparser.add_argument("--max-norm", type=float, default=5.0)\nargs = parser.parse_args()',
      "args.max_norm",
      'parser = argparse.ArgumentParser()\nparser.add_argument("--max-norm", type=float, default=0.5)\nargs = parser.parse_args()',
      "args.max_norm",
    ],
    [
      "a dataclass's field",
      "@dataclass\nclass Config:\n    clip: float = 5.0\ncfg = Config()",
      "cfg.clip",
      "@dataclass\nclass Config:\n    clip: float = 0.5\ncfg = Config()",
      "cfg.clip",
    ],
    [
      "a dataclass's argument",
      "@dataclass\nclass Config:\n    clip: float = 5.0\ncfg = Config(clip=2.0)",
      "cfg.clip",
      "@dataclass\nclass Config:\n    clip: float = 5.0\ncfg = Config(clip=0.5)",
      "cfg.clip",
    ],
  ])("%s", (_, before, threshold, newBefore, newThreshold) => {
    expect(set(train(before, threshold))).toMatchObject({ text: train(newBefore, newThreshold) });
  });

  it("a parameter's default", () => {
    const text = (value: string) => `import torch
def train(model, optimizer, max_norm=${value}):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
`;
    expect(set(text("1.0"))).toMatchObject({
      text: text("0.5"),
      summary: "Change the default of `max_norm` from 1.0 to 0.5",
    });
  });

  it("the argument of the only call", () => {
    const text = (value: string) => `import torch
def train(model, optimizer, max_norm=1.0):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
train(m, torch.optim.SGD(m.parameters(), lr=1), max_norm=${value})
`;
    expect(set(text("3.0"))).toMatchObject({ text: text("0.5") });
  });

  it("self, set in the constructor", () => {
    const text = (value: string) => `import torch
class Trainer:
    def __init__(self, model):
        self.clip = ${value}
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=1)
    def update(self, loss):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.opt.step()
`;
    expect(set(text("3.0"))).toMatchObject({ text: text("0.5") });
  });

  it("of the right one of two updates", () => {
    const text = (a: string, b: string) => `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for x in data:
    g_loss.backward()
    torch.nn.utils.clip_grad_norm_(G.parameters(), ${a})
    opt_g.step()
    d_loss.backward()
    torch.nn.utils.clip_grad_norm_(D.parameters(), ${b})
    opt_d.step()
`;
    expect(set(text("1.0", "2.0"), 0.25, { siteLine: 9 })).toMatchObject({ text: text("1.0", "0.25") });
    expect(set(text("1.0", "2.0"), 0.25, { siteLine: 6, clipLine: 5 })).toMatchObject({ text: text("0.25", "2.0") });
    expect(set(text("1.0", "2.0"))).toHaveProperty("refused");
  });

  it("as Python would write it", () => {
    expect(set(train("", "1.0"), 2)).toMatchObject({ text: train("", "2.0") });
    expect(set(train("", "1.0"), 1e-5)).toMatchObject({ text: train("", "0.00001") });
    expect(set(train("", "1.0"), 2.5e-7)).toMatchObject({ text: train("", "2.5e-07") });
  });
});

describe("finds the number behind a way to say it", () => {
  const parser = (option: string) => `parser = argparse.ArgumentParser()\n${option}\nargs = parser.parse_args()`;
  const flag = (fallback: string) => `from absl import flags\nCLIP = flags.DEFINE_float("clip", ${fallback}, "a norm")`;
  const tensorFlow = (fallback: string) =>
    `import tensorflow.compat.v1 as tf\nFLAGS = tf.app.flags.FLAGS\ntf.app.flags.DEFINE_float("clip", ${fallback}, "")`;
  const option = (fallback: string) => `parser.add_argument("--clip", type=float, default=${fallback})`;
  it.each([
    ["None on the command line", parser(option("None")), "args.clip", parser(option("0.5")), "args.clip"],
    [
      "getattr of an option",
      parser(option("5.0")),
      'getattr(args, "clip", 1.0)',
      parser(option("0.5")),
      'getattr(args, "clip", 1.0)',
    ],
    ["getattr of no option", parser(""), 'getattr(args, "clip", 1.0)', parser(""), 'getattr(args, "clip", 0.5)'],
    [
      "an option as a key",
      `${parser(option("5.0"))}\ncfg = vars(args)`,
      'cfg["clip"]',
      `${parser(option("0.5"))}\ncfg = vars(args)`,
      'cfg["clip"]',
    ],
    [
      "a default that the parser is told",
      parser(`${option("2.0")}\nparser.set_defaults(lr=0.1, clip=5.0)`),
      "args.clip",
      parser(`${option("2.0")}\nparser.set_defaults(lr=0.1, clip=0.5)`),
      "args.clip",
    ],
    ["a key", 'cfg = {"clip": 5.0}', 'cfg.get("clip", 1.0)', 'cfg = {"clip": 0.5}', 'cfg.get("clip", 1.0)'],
    ["a missing key", 'cfg = {"lr": 5.0}', 'cfg.get("clip", 1.0)', 'cfg = {"lr": 5.0}', 'cfg.get("clip", 0.5)'],
    [
      "a dictionary by keywords",
      "cfg = dict(lr=1, clip=5.0)",
      'cfg["clip"]',
      "cfg = dict(lr=1, clip=0.5)",
      'cfg["clip"]',
    ],
    [
      "a namespace",
      "from types import SimpleNamespace\ncfg = SimpleNamespace(clip=5.0)",
      "cfg.clip",
      "from types import SimpleNamespace\ncfg = SimpleNamespace(clip=0.5)",
      "cfg.clip",
    ],
    [
      "an environment variable's default",
      'import os\nCLIP = float(os.environ.get("CLIP", "5.0"))',
      "CLIP",
      'import os\nCLIP = float(os.environ.get("CLIP", "0.5"))',
      "CLIP",
    ],
    ["an environment variable's number", "import os", 'os.getenv("CLIP", 5.0)', "import os", 'os.getenv("CLIP", 0.5)'],
    ["a conversion", "CLIP = 5", "float(CLIP)", "CLIP = 0.5", "float(CLIP)"],
    ["infinity", "", 'float("inf")', "", "0.5"],
    [
      "another name",
      `${parser(option("5.0"))}\nlimit = args.clip`,
      "limit",
      `${parser(option("0.5"))}\nlimit = args.clip`,
      "limit",
    ],
    ["an absl flag", flag("5.0"), "flags.FLAGS.clip", flag("0.5"), "flags.FLAGS.clip"],
    ["what declares an absl flag", flag("5.0"), "CLIP.value", flag("0.5"), "CLIP.value"],
    ["TensorFlow's flags", tensorFlow("5.0"), "FLAGS.clip", tensorFlow("0.5"), "FLAGS.clip"],
    [
      "a field of pydantic",
      "from pydantic import BaseModel, Field\nclass Config(BaseModel):\n    clip: float = Field(5.0, gt=0)\ncfg = Config()",
      "cfg.clip",
      "from pydantic import BaseModel, Field\nclass Config(BaseModel):\n    clip: float = Field(0.5, gt=0)\ncfg = Config()",
      "cfg.clip",
    ],
    [
      "a described field",
      "@dataclass\nclass Config:\n    clip: float = field(default=5.0)\ncfg = parse(Config)",
      "cfg.clip",
      "@dataclass\nclass Config:\n    clip: float = field(default=0.5)\ncfg = parse(Config)",
      "cfg.clip",
    ],
  ])("%s", (_, before, threshold, newBefore, newThreshold) => {
    expect(set(train(before, threshold))).toMatchObject({ text: train(newBefore, newThreshold) });
  });

  it("None as a parameter's default", () => {
    const text = (value: string) => `import torch
def train(model, optimizer, max_norm=${value}):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
`;
    expect(set(text("None"))).toMatchObject({
      text: text("0.5"),
      summary: "Change the default of `max_norm` from None to 0.5",
    });
  });

  it.each([
    ["args of who knows what", "from settings import args", 'getattr(args, "clip", 1.0)'],
    ["a dictionary from elsewhere", "from settings import cfg", 'cfg.get("clip", 1.0)'],
    ["a dictionary that more is put into", 'cfg = {"clip": 5.0}\ncfg[name] = 1', 'cfg.get("clip", 1.0)'],
    ["a namespace that is written to", "cfg = argparse.Namespace(clip=5.0)\ncfg.clip = scale(cfg)", "cfg.clip"],
    ["a dictionary of who knows what", "cfg = dict(clip=5.0, **given)", 'cfg["clip"]'],
    ["an environment variable without default", "import os", 'float(os.environ["CLIP"])'],
    ["an option that is written to", `${parser(option("5.0"))}\nargs.clip = args.clip or scale(args)`, "args.clip"],
    ["a flag whose default is set again", `${flag("5.0")}\nflags.set_default(CLIP, 1.0)`, "flags.FLAGS.clip"],
    ["an option under several names", `${parser(option("5.0"))}\nlimit = args.clip\nlimit = tame(limit)`, "limit"],
    ["one that is told twice", parser(`${option("5.0")}\n${"parser.set_defaults(clip=1.0)\n".repeat(2)}`), "args.clip"],
    ["one that another parser is told", parser(`${option("5.0")}\nother.set_defaults(clip=1.0)`), "args.clip"],
    ["one that is told first", parser(`parser.set_defaults(clip=1.0)\n${option("5.0")}`), "args.clip"],
    ["a default that the parser is told again", `${parser(option("5.0"))}\nparser.set_defaults(**cfg)`, "args.clip"],
  ])("and refuses %s", (_, before, threshold) => {
    expect(set(train(before, threshold))).toHaveProperty("refused");
  });
});

describe("finds the default of a function's parameter that the command line fills", () => {
  const command = (
    decorators: string,
    parameters: string,
    after: string,
    call = "train(build(), clip)",
  ) => `import torch
${decorators}
def main(${parameters}):
    ${call}


def train(model, limit):
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), limit)
    optimizer.step()


${after}
`;
  const click = (option: string) => `import click\n@click.command()\n@click.option(${option})`;
  const typer = "import typer\napp = typer.Typer()\n@app.command()";
  it.each<[string, (fallback: string) => string, string]>([
    ["click", (n) => command(click(`"--clip", default=${n}`), "clip", "main()"), "--clip"],
    [
      "click, under another name",
      (n) => command(click(`"-c", "--max-norm", "clip", default=${n}`), "clip", "main()"),
      "--max-norm",
    ],
    ["typer's object", (n) => command(typer, `clip: float = typer.Option(${n}, help="a norm")`, "app()"), "--clip"],
    ["typer", (n) => command("import typer", `clip: float = ${n}`, "typer.run(main)"), "clip"],
    ["fire", (n) => command("import fire", `clip=${n}`, "fire.Fire(main)"), "clip"],
  ])("by %s", (_, text, name) => {
    const result = set(text("5.0"));
    expect(result).toMatchObject({ text: text("0.5") });
    expect("summary" in result && result.summary).toContain(name);
  });

  it.each([
    ["a key of its keywords", 'train(build(), options["clip"])'],
    ["what is made of them", "args = SimpleNamespace(**options); train(build(), args.clip)"],
  ])("by click, as %s", (_, call) => {
    const text = (n: string) =>
      command(`from types import SimpleNamespace\n${click(`"--clip", default=${n}`)}`, "**options", "main()", call);
    const result = set(text("5.0"));
    expect(result).toMatchObject({ text: text("0.5") });
    expect("summary" in result && result.summary).toContain("`--clip` (a value on the command line still wins)");
    expect(set(text("5.0").replace("    train", "    options.update(more)\n    train"))).toHaveProperty(
      call.startsWith("train") ? "refused" : "text",
    );
  });

  it("unless several calls pass several numbers on", () => {
    const twice = command(
      click('"--clip", default=5.0'),
      "clip",
      "main()",
      "train(build(), clip); train(build(), 1.0)",
    );
    expect(set(twice)).toHaveProperty("refused");
    const same = (n: string) =>
      command(click(`"--clip", default=${n}`), "clip", "main()", "train(build(), clip); train(build(), clip)");
    expect(set(same("5.0"))).toMatchObject({ text: same("0.5") });
  });
});

describe("what holds where an option isn't given", () => {
  const option = (rest: string) =>
    `parser = argparse.ArgumentParser()\nparser.add_argument("--clip", type=float${rest})\nargs = parser.parse_args()`;
  it.each<[string, string, string, string, string]>([
    ["or", "", "args.clip or 5.0", "", "args.clip or 0.5"],
    ["if", ", default=None", "args.clip if args.clip else 5.0", ", default=None", "args.clip if args.clip else 0.5"],
    [
      "is not None",
      "",
      "args.clip if args.clip is not None else 5.0",
      "",
      "args.clip if args.clip is not None else 0.5",
    ],
    ["a default of 0", ", default=0", "args.clip or 5.0", ", default=0", "args.clip or 0.5"],
    ["a default that counts", ", default=2.0", "args.clip or 5.0", ", default=0.5", "args.clip or 5.0"],
    [
      "0, which is not None",
      ", default=2",
      "args.clip if args.clip is not None else 5.0",
      ", default=0.5",
      "args.clip if args.clip is not None else 5.0",
    ],
  ])("%s", (_, rest, threshold, restAfter, after) => {
    const result = set(train(option(rest), threshold));
    expect("refused" in result ? result.refused : result.text).toBe(train(option(restAfter), after));
  });

  it("by a name, and says what would win over it", () => {
    const module = analyser.open(train(`${option("")}\nclip = args.clip or 5.0`, "clip"));
    const result = module.thresholdEdit({ threshold: 0.5, siteLine: null, clipLine: null, args: ["--clip", "3"] });
    module.dispose();
    expect("summary" in result && result.summary).toBe(
      "Change what holds without `--clip` from 5.0 to 0.5. The run was given `--clip 3`, which wins over it: change that, too",
    );
  });

  it("and leaves alone what is asked of something else", () => {
    for (const threshold of ["args.clip if args.amp else 5.0", "1.0 if amp else 5.0", "other() or 5.0"])
      expect(set(train(option(""), threshold)), threshold).toHaveProperty("refused");
  });
});

describe("what an object holds", () => {
  const yacs = (fallback: string, made: string) =>
    `from yacs.config import CfgNode as CN\n_C = CN()\n_C.SOLVER = CN()\n_C.SOLVER.CLIP = ${fallback}\n${made}`;
  const wandb = (config: string, after = "") =>
    `import wandb\nrun = wandb.init(project="x", config=${config})\n${after}`;
  const attributes = (made: string) => `from easydict import EasyDict\ncfg = EasyDict(${made})`;
  const given = (clip: string) =>
    `parser = argparse.ArgumentParser()\nparser.add_argument("--clip", type=float, default=${clip})\nargs = parser.parse_args()`;
  const configDict = (clip: string) =>
    `import ml_collections\ndef get_config():\n    config = ml_collections.ConfigDict()\n    config.optim = ml_collections.ConfigDict()\n    config.optim.clip = ${clip}\n    return config\ncfg = get_config()`;
  const tuple = (given: string) => `from collections import namedtuple\nConfig = namedtuple("Config", ${given})`;
  const omega = (made: string) => `from omegaconf import OmegaConf\ncfg = ${made}`;
  const merge = (...held: string[]) =>
    `OmegaConf.merge(${held.map((each) => `OmegaConf.create(${each})`).join(", ")}, OmegaConf.from_cli())`;
  it.each<[string, (clip: string) => string, string]>([
    ["a copy of a CfgNode", (n) => yacs(n, "cfg = _C.clone()"), "cfg.SOLVER.CLIP"],
    [
      "one that a function gives, and files are merged into",
      (n) => yacs(n, "def get_cfg():\n    return _C.clone()\ncfg = get_cfg()\ncfg.merge_from_file(path)\ncfg.freeze()"),
      "cfg.SOLVER.CLIP",
    ],
    ["a CfgNode of a dictionary", (n) => `from yacs.config import CfgNode\ncfg = CfgNode({"CLIP": ${n}})`, "cfg.CLIP"],
    ["W&B's configuration", (n) => wandb(`dict(clip=${n})`), "wandb.config.clip"],
    ["a key of it", (n) => wandb(`{"clip": ${n}}`), 'wandb.config["clip"]'],
    ["that of its run", (n) => wandb(`{"clip": ${n}}`), "run.config.clip"],
    ["that of options", (n) => `${given(n)}\n${wandb("args")}`, "wandb.config.clip"],
    [
      "that of options as a dictionary",
      (n) => `${given(n)}\n${wandb("vars(args)", "config = run.config")}`,
      "config.clip",
    ],
    ["a dictionary with attributes", (n) => attributes(`{"train": {"clip": ${n}}}`), "cfg.train.clip"],
    ["what a function fills", configDict, "cfg.optim.clip"],
    [
      "a field by its position",
      (n) =>
        `from typing import NamedTuple\nclass Config(NamedTuple):\n    lr: float\n    clip: float = 3.0\ncfg = Config(0.1, ${n})`,
      "cfg.clip",
    ],
    [
      "a dataclass's field by its position",
      (n) => `@dataclass\nclass Config:\n    lr: float\n    clip: float = 3.0\ncfg = Config(0.1, ${n})`,
      "cfg.clip",
    ],
    [
      "an attribute of attrs",
      (n) => `import attr\n@attr.s\nclass Config:\n    clip = attr.ib(${n})\ncfg = Config()`,
      "cfg.clip",
    ],
    ["options of the call", (n) => `options = dict(max_norm=${n})`, "**options"],
    ["a tuple's default", (n) => `${tuple(`["lr", "clip"], defaults=[0.1, ${n}]`)}\ncfg = Config()`, "cfg.clip"],
    ["that of its last fields", (n) => `${tuple(`"lr, clip, amp", defaults=(${n}, 1)`)}\ncfg = Config(3)`, "cfg.clip"],
    ["a tuple's argument", (n) => `${tuple('"lr clip", defaults=(3.0,)')}\ncfg = Config(0.1, ${n})`, "cfg.clip"],
    ["a tuple's keyword", (n) => `${tuple('"lr clip"')}\ncfg = Config(lr=0.1, clip=${n})`, "cfg.clip"],
    ["OmegaConf's", (n) => omega(`OmegaConf.create({"train": {"clip": ${n}}})`), "cfg.train.clip"],
    ["merged, the last", (n) => omega(merge('{"clip": 3.0}', `{"clip": ${n}}`)), "cfg.clip"],
    ["merged, the one that has it", (n) => omega(merge(`{"clip": ${n}}`, '{"lr": 0.1}')), "cfg.clip"],
  ])("%s", (_, held, threshold) => {
    const result = set(train(held("5.0"), threshold));
    expect("refused" in result ? result.refused : result.text).toBe(train(held("0.5"), threshold));
  });

  it("says what wins over it", () => {
    const summary = (before: string, threshold: string) => {
      const result = set(train(before, threshold));
      return "summary" in result ? result.summary : result.refused;
    };
    expect(summary(wandb("dict(clip=5.0)"), "run.config.clip")).toContain("a sweep, still wins");
    expect(summary(omega(merge('{"clip": 5.0}')), "cfg.clip")).toContain("still wins");
    expect(summary(yacs("5.0", "cfg = _C.clone()\ncfg.merge_from_list(opts)"), "cfg.SOLVER.CLIP")).toContain(
      "still wins",
    );
    expect(summary(yacs("5.0", "cfg = _C.clone()"), "cfg.SOLVER.CLIP")).not.toContain("wins");
  });

  it.each([
    ["is written twice", yacs("5.0", "_C.SOLVER.CLIP = 2.0\ncfg = _C.clone()"), "cfg.SOLVER.CLIP"],
    ["is updated", `${wandb("dict(clip=5.0)")}\nwandb.config.update(more)`, "wandb.config.clip"],
    ["comes in two runs", `${wandb("dict(clip=5.0)")}\n${wandb("dict(clip=2.0)")}`, "wandb.config.clip"],
    ["is a dictionary of who knows what", attributes('{"clip": 5.0, **more}'), "cfg.clip"],
    ["is a tuple with fields of who knows what", `${tuple("FIELDS, defaults=(5.0,)")}\ncfg = Config()`, "cfg.clip"],
    ["is a tuple's, replaced", `${tuple('"clip"')}\ncfg = Config(5.0)._replace(clip=scale())`, "cfg.clip"],
    ["is merged with what can't be seen", omega('OmegaConf.merge(OmegaConf.create({"clip": 5.0}), own)'), "cfg.clip"],
    ["is merged with what may hold it", omega(merge('{"clip": 5.0}', "{**own}")), "cfg.clip"],
    ["is updated in a name of its own", `${attributes('{"clip": 5.0}')}\ncfg.update(more)`, "cfg.clip"],
    [
      "is a field after those of a base",
      "@dataclass\nclass Base:\n    lr: float\n@dataclass\nclass Config(Base):\n    clip: float = 3.0\ncfg = Config(0.1, 5.0)",
      "cfg.clip",
    ],
  ])("and refuses what %s", (_, before, threshold) => expect(set(train(before, threshold))).toHaveProperty("refused"));
});

describe("a function that clips with its threshold filled in", () => {
  const partial = (filled: string, given: string) => `import torch
from functools import partial
clip = partial(torch.nn.utils.clip_grad_norm_, ${filled})
optimizer = torch.optim.SGD(model.parameters(), lr=1)
loss.backward()
clip(${given})
optimizer.step()
`;
  it.each([
    ["by name", "max_norm=5.0", "max_norm=0.5", "model.parameters()"],
    ["and its parameters", "model.parameters(), max_norm=5.0", "model.parameters(), max_norm=0.5", ""],
    ["by position", "model.parameters(), 5.0", "model.parameters(), 0.5", ""],
  ])("%s", (_, filled, after, given) => {
    expect(rulesFound(partial(filled, given))).toEqual([]);
    expect(set(partial(filled, given))).toMatchObject({ text: partial(after, given) });
  });
});

describe("among Lightning's hyperparameters", () => {
  const module = (save: string, parameters: string, read: string, made: string, body = "") => `import argparse
import torch
import lightning as L
parser = argparse.ArgumentParser()
parser.add_argument("--clip", type=float, default=7.0)
class Model(L.LightningModule):
    def __init__(self, ${parameters}):
        super().__init__()
        self.save_hyperparameters(${save})
        self.automatic_optimization = False
${body}    def training_step(self, batch, index):
        opt = self.optimizers()
        self.manual_backward(self.loss(batch))
        torch.nn.utils.clip_grad_norm_(self.parameters(), ${read})
        opt.step()
L.Trainer().fit(${made})
`;
  const written = (text: string) => {
    const result = set(text, 0.5, { siteLine: text.split("\n").findIndex((line) => line.includes("opt.step()")) });
    return "refused" in result ? result.refused : result.text;
  };
  it.each<[string, (n: string) => string]>([
    ["a default", (n) => module("", `clip=${n}`, "self.hparams.clip", "Model()")],
    ["a key", (n) => module("logger=False", `clip=${n}`, 'self.hparams["clip"]', "Model()")],
    ["what the module is made with", (n) => module("", "clip=3.0", "self.hparams.clip", `Model(clip=${n})`)],
    ["one of those that are saved", (n) => module('"lr", "clip"', `lr, clip=${n}`, "self.hparams.clip", "Model(1)")],
    [
      "what options hold",
      (n) => module("args", "args", "self.hparams.clip", "Model(parser.parse_args())").replace("7.0", n),
    ],
  ])("%s", (_, text) => expect(written(text("5.0"))).toBe(text("0.5")));

  it.each([
    ["what isn't saved", module('"lr"', "lr, clip=5.0", "self.hparams.clip", "Model(1)")],
    ["what may be left out", module("ignore=LEFT", "clip=5.0", "self.hparams.clip", "Model()")],
    [
      "what is saved twice",
      module("", "clip=5.0", "self.hparams.clip", "Model()", "        self.save_hyperparameters(more)\n"),
    ],
    [
      "what is set again",
      module("", "clip=5.0", "self.hparams.clip", "Model()", "        self.hparams.clip = tame()\n"),
    ],
  ])("but not %s", (_, text) => expect(written(text)).toContain("by hand"));
});
