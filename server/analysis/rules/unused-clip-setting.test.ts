import { describe, expect, it } from "vitest";
import { lint } from "../../../test/analysis/analyser.ts";
import { placesIn } from "../../../test/analysis/project.ts";

const found = (text: string) =>
  lint(text).flatMap(({ rule, severity, message, range }) =>
    rule === "unused-clip-setting"
      ? [`${text.slice(0, range.start).split("\n").length} ${severity} ${message.split(".")[0]}`]
      : [],
  );

const script = (clip = "", options: { option?: string; args?: string } = {}) => `import argparse
import torch
from torch import nn
def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    ${options.option ?? 'parser.add_argument("--grad-clip", type=float, default=1.0)'}
    return parser.parse_args()
def train(args, model, optimizer):
    for epoch in range(args.epochs):
        loss.backward()
        ${clip || "pass"}
        optimizer.step()
def main():
    args = parse()
    print(args)
    ${options.args ?? "pass"}
    train(args, model, torch.optim.SGD(model.parameters(), lr=1))
if __name__ == "__main__":
    main()
`;
const clip = (threshold: string) => `nn.utils.clip_grad_norm_(model.parameters(), ${threshold})`;

describe("reports an option", () => {
  it.each([
    ["in a file that doesn't clip", script(), "7 warning Nothing reads `--grad-clip`"],
    ["in a file that clips at another number", script(clip("5.0")), "7 information Nothing reads `--grad-clip`"],
    [
      "that its help describes",
      script("", { option: 'parser.add_argument("--clip", help="maximal norm of the gradient")' }),
      "7 warning Nothing reads `--clip`",
    ],
    [
      "of which nothing is said, beside an update that nothing clips",
      script("", { option: 'parser.add_argument("--clip", type=float, default=0.25)' }),
      "7 warning Nothing reads `--clip`",
    ],
    [
      "that is only stored under its name",
      script("", { args: "config.grad_clip = args.grad_clip" }),
      "7 warning Nothing reads `--grad-clip`",
    ],
    [
      "that is only logged with all others",
      script("", { args: "wandb.init(config=vars(args))" }).replace("import torch", "import torch, wandb"),
      "7 warning Nothing reads `--grad-clip`",
    ],
    [
      "that is only saved with all others",
      script("", { args: "torch.save({'args': args, 'model': model.state_dict()}, path)" }),
      "7 warning Nothing reads `--grad-clip`",
    ],
    ["that is only printed", script("", { args: 'print(f"with {args}")' }), "7 warning Nothing reads `--grad-clip`"],
  ])("%s", (_, text, expected) => expect(found(text)).toEqual([expected]));
});

describe("says nothing to an option", () => {
  it.each([
    ["that is read", script(clip("args.grad_clip"))],
    ["that getattr reads", script(clip('getattr(args, "grad_clip", 1.0)'))],
    ["that is passed on as a whole", script("", { args: "run(args)" })],
    ["that some getattr may read", script("", { args: "for name in names: getattr(args, name)" })],
    [
      "that a loop goes through",
      script("", { args: "for name, value in vars(args).items(): setattr(config, name, value)" }),
    ],
    ["that a dictionary keeps", script("", { args: "options = dict(vars(args))" })],
    ["that is spread", script("", { args: "run(**vars(args))" })],
    ["that is read through its dictionary", script("", { args: "options = args.__dict__" })],
    ["that is put into something", script("", { args: "context = {'args': args}" })],
    [
      "of the weights",
      script("", { option: 'parser.add_argument("--clip-value", help="clip the weights of the critic")' }),
    ],
    [
      "of which nothing is said, beside an update that is clipped",
      script(clip("5.0"), { option: 'parser.add_argument("--clip", type=float)' }),
    ],
    ["of a model of that name", script("", { option: 'parser.add_argument("--clip-model", default="ViT-B/16")' })],
    ["of a file that doesn't train", script().replace("optimizer.step()", "print(epoch)")],
    ["in a file that doesn't parse", `${script()}train(args.\n`],
    [
      "of a parser that another file parses with",
      "import torch\ndef add(parser):\n    parser.add_argument('--grad-clip')\nloss.backward()\ntorch.optim.SGD(p).step()\n",
    ],
  ])("%s", (_, text) => expect(found(text)).toEqual([]));
});

it("says nothing to an option that another module of the project reads", () => {
  const text = script("", { args: "engine.run(args)" }).replace("import torch", "import engine, torch");
  expect(placesIn({ "train.py": text, "engine.py": "def run(args):\n    limit(args.grad_clip)\n" })).toEqual([
    "13:missing-clipping",
  ]);
});

const configured = (use: string, read = "") => `import torch
from dataclasses import dataclass
@dataclass
class Config:
    lr: float = 0.1
    max_grad_norm: float = 1.0
config = Config()
${use}
optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
loss.backward()
${read}
optimizer.step()
`;

describe("a field", () => {
  it("is reported", () => {
    expect(found(configured(""))).toEqual(["6 warning Nothing reads the field `Config"]);
  });
  it.each([
    ["read", configured("", "torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm)")],
    ["of what is passed on", configured("log(config)\nstart(config)")],
    ["of a class that something else fills", configured("config = parse(Config)")],
    ["of a class that is no dataclass", configured("").replace("@dataclass\n", "")],
  ])("is fine if it is %s", (_, text) => expect(found(text)).toEqual([]));
});

describe("a parameter", () => {
  const train = (parameters: string, body = "pass", after = "") => `import torch
def train(model, optimizer, loss, ${parameters}):
    loss.backward()
    ${body}
    optimizer.step()
${after}
`;
  const trainer = (store: string, body = "pass", after = "") => `import torch
class Trainer:
    def __init__(self, model, gradient_clip_val=0):
        self.optimizer = torch.optim.SGD(model.parameters(), lr=1)
        ${store}
    def step(self, loss):
        loss.backward()
        ${body}
        self.optimizer.step()
${after}
`;
  it.each([
    [
      "of the function that updates",
      train("max_grad_norm=None"),
      "2 warning Nothing reads the parameter `max_grad_norm`",
    ],
    ["of the class that updates", trainer("pass"), "3 warning Nothing reads the parameter `gradient_clip_val`"],
    [
      "that a script stores, and never reads",
      trainer("self.gradient_clip_val = gradient_clip_val", "pass", "if __name__ == '__main__': Trainer(m).step(l)"),
      "3 warning Nothing reads the parameter `gradient_clip_val`",
    ],
  ])("is reported: one %s", (_, text, expected) => expect(found(text)).toEqual([expected]));
  it.each([
    ["read", train("max_grad_norm=None", "torch.nn.utils.clip_grad_norm_(model.parameters(), max_grad_norm)")],
    ["handed on", train("max_grad_norm=None", "tame(model, max_grad_norm)")],
    ["read with all others", train("max_grad_norm=None", "run(**locals())")],
    ["beside a clip", train("grad_clip", "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)")],
    ["stored where a subclass may read it", trainer("self.gradient_clip_val = gradient_clip_val")],
    ["kept among the hyperparameters", trainer("self.save_hyperparameters()", "tame(model, self.hparams)")],
    ["of a function that doesn't update", train("x").replace("(model", "(model, y").concat("def f(grad_clip): pass\n")],
  ])("is fine if it is %s", (_, text) => expect(found(text)).toEqual([]));
});

describe("an option that fills a parameter", () => {
  const script = (decorators: string, parameters: string, body: string, run = "main()") => `import torch
${decorators}
def main(${parameters}):
    train(build())
    ${body}
def train(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    loss.backward()
    optimizer.step()
if __name__ == "__main__":
    ${run}
`;
  const click = 'import click\n@click.command()\n@click.option("--max-grad-norm", default=1.0)';
  const typer = "import typer\napp = typer.Typer()\n@app.command()";
  it.each([
    ["click", script(click, "max_grad_norm", "pass"), "4 warning Nothing reads `--max-grad-norm`"],
    [
      "click, by its help",
      script(
        'import click\n@click.command()\n@click.option("--clip", "limit_clip", help="norm of the gradient")',
        "limit_clip",
        "pass",
      ),
      "4 warning Nothing reads `--clip`",
    ],
    [
      "typer",
      script(typer, "grad_clip: float = typer.Option(1.0)", "pass", "app()"),
      "5 warning Nothing reads `--grad-clip`",
    ],
    [
      "fire",
      script("import fire", "grad_clip=1.0", "pass", "fire.Fire(main)"),
      "3 warning Nothing reads `--grad-clip`",
    ],
  ])("is reported: %s", (_, text, expected) => expect(found(text)).toEqual([expected]));

  it.each([
    ["read", script(click, "max_grad_norm", "print(max_grad_norm)")],
    ["one of all that are kept", script(click, "max_grad_norm", "save(locals())")],
    ["taken with all others", script(click, "**options", "save(options)")],
    [
      "in click's context",
      script(
        click.replace("import click", "import click\n@click.pass_context"),
        "ctx, max_grad_norm",
        "save(ctx.params)",
      ),
    ],
    [
      "absl's, for any module to read",
      script('from absl import flags\nflags.DEFINE_float("grad_clip", 1.0, "")\n', "_", "pass"),
    ],
    ["of a function that is only called", script("", "grad_clip=1.0", "pass")],
  ])("is fine if it is %s", (_, text) => expect(found(text)).toEqual([]));
});

describe("a function that clips", () => {
  const file = (call: string, end = 'if __name__ == "__main__":\n    train()') => `import torch
def limit(parameters):
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
def train():
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    loss.backward()
    ${call}
    optimizer.step()
${end}
`;
  it("is reported where nothing calls it", () => {
    expect(found(file("pass"))).toEqual(["2 warning Nothing calls `limit`, which clips"]);
  });
  it("is reported in a script that trains at its top level", () => {
    const text = file("pass", "").replace("def train():", "for epoch in range(9):");
    expect(found(text)).toEqual(["2 warning Nothing calls `limit`, which clips"]);
  });
  it.each([
    ["called", file("limit(model.parameters())")],
    ["handed on", file("each(model, limit)")],
    ["for other files to call", file("pass", "")],
    ["decorated", file("pass").replace("def limit", "@register\ndef limit")],
  ])("is fine if it is %s", (_, text) => expect(found(text)).toEqual([]));

  it("is fine as a method that a framework calls", () => {
    const text = `import torch
class Hooks(Base):
    def limit(self, parameters):
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
optimizer = torch.optim.SGD(model.parameters(), lr=1)
if __name__ == "__main__":
    loss.backward()
    optimizer.step()
`;
    expect(found(text)).toEqual([]);
  });
});
