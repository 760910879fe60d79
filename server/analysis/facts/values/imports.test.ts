import { describe, expect, it } from "vitest";
import { apply, parses } from "../../../../test/analysis/analyser.ts";
import { Project, placesIn } from "../../../../test/analysis/project.ts";

/** A training loop; the update is on the last line, 10. */
const train = (imports: string, beforeStep: string) => `import torch
from torch import nn
${imports}
model = nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x, y in data:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x)[0], y)
    loss.backward()${beforeStep && `; ${beforeStep}`}
    optimizer.step()
`;

const CLIP = `from torch.nn.utils import clip_grad_norm_

def tame(model, limit=1.0):
    clip_grad_norm_(model.parameters(), limit)
`;

it("takes some member of a module, whichever, for what isn't known", () => {
  const files = {
    "train.py": train("import tools", "getattr(tools, args.engine).a.b(model)"),
    "tools.py": "from engine import *\nx = 1\n",
    "engine.py": "y = 2 * 2\n",
  };
  expect(placesIn(files)).toEqual([]);
});

describe("follows calls into the modules around", () => {
  it.each<[string, string, string, Record<string, string>]>([
    ["a function", "from engine import tame", "tame(model)", { "engine.py": CLIP }],
    ["an alias", "from engine import tame as t", "t(model)", { "engine.py": CLIP }],
    ["a module", "import engine", "engine.tame(model)", { "engine.py": CLIP }],
    ["a module's alias", "import engine as e", "e.tame(model)", { "engine.py": CLIP }],
    ["everything in a module", "from engine import *", "tame(model)", { "engine.py": CLIP }],
    [
      "a package's module",
      "import tools.engine",
      "tools.engine.tame(model)",
      { "tools/__init__.py": "", "tools/engine.py": CLIP },
    ],
    ["a folder without __init__.py", "from tools.engine import tame", "tame(model)", { "tools/engine.py": CLIP }],
    [
      "what a package passes on",
      "from tools import tame",
      "tame(model)",
      { "tools/__init__.py": "from .engine import tame\n", "tools/engine.py": CLIP },
    ],
    [
      "everything that a package passes on",
      "from tools import tame",
      "tame(model)",
      { "tools/__init__.py": "from .engine import *\n", "tools/engine.py": CLIP },
    ],
    [
      "a package of packages, relatively",
      "from tools.a.b import tame",
      "tame(model)",
      {
        "tools/__init__.py": "",
        "tools/a/__init__.py": "",
        "tools/a/b.py": "from ..engine import tame\n",
        "tools/engine.py": CLIP,
      },
    ],
    ["the src folder", "from engine import tame", "tame(model)", { "src/engine.py": CLIP }],
    [
      "through another module",
      "from engine import prepare",
      "prepare(model)",
      { "engine.py": "import limits\n\ndef prepare(m):\n    limits.tame(m)\n", "limits.py": CLIP },
    ],
    [
      "a method",
      "from engine import Trainer\ntrainer = Trainer()",
      "trainer.tame(model)",
      {
        "engine.py": `import torch\nclass Trainer:\n    def tame(self, m):\n        torch.nn.utils.clip_grad_norm_(m.parameters(), 1)\n`,
      },
    ],
    [
      "an inherited method, of a class of a third module",
      "from engine import Trainer\ntrainer = Trainer()",
      "trainer.prepare(model)",
      {
        "engine.py": "from base import Base\n# step\nclass Trainer(Base):\n    pass\n",
        "base.py":
          "import torch\nclass Base:\n    def prepare(self, m):\n        torch.nn.utils.clip_grad_norm_(m.parameters(), 1)\n",
      },
    ],
    [
      "clipping by hand",
      "from engine import shrink",
      "shrink(model)",
      { "engine.py": "def shrink(m):\n    for p in m.parameters():\n        p.grad.clamp_(-1, 1)\n" },
    ],
    [
      "a function that a framework's goes by here",
      "from compat import tame",
      "tame(model.parameters(), 1)",
      { "compat.py": "from torch.nn.utils import clip_grad_norm_ as tame\n" },
    ],
    [
      "code that holds the model and can't be seen itself",
      "from engine import prepare",
      "prepare(model)",
      { "engine.py": "import horizon\ndef prepare(m):\n    horizon.limit(m.parameters())\n" },
    ],
  ])("%s", (_, imports, call, files) => {
    expect(placesIn({ "train.py": train(imports, call), ...files })).toEqual([]);
    // What the call leads to decides, and not its name.
    const harmless = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [
        name,
        text
          .replace(/( +)(torch\.nn\.utils\.)?clip_grad_norm_\(.*/g, "$1pass  # no clip")
          .replace("p.grad.clamp_(-1, 1)", "print(p)")
          .replace("horizon.limit(m.parameters())", "pass")
          .replace("torch.nn.utils import clip_grad_norm_", "torch.nn import Linear"),
      ]),
    );
    expect(placesIn({ "train.py": train(imports, call), ...harmless })).toEqual([
      `${train(imports, call).split("\n").length - 1}:missing-clipping`,
    ]);
  });

  it("takes the gradients and the optimizer from elsewhere, too", () => {
    const engine =
      "import torch\ndef build(m):\n    return torch.optim.Adam(m.parameters())\ndef gradients(loss):\n    loss.backward()\n";
    const script = (clip: string) =>
      `import torch\nfrom engine import build, gradients\noptimizer = build(model)\ngradients(loss)\n${clip}optimizer.step()\n`;
    expect(placesIn({ "train.py": script(""), "engine.py": engine })).toEqual(["5:missing-clipping"]);
    const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1)\n";
    expect(placesIn({ "train.py": script(clip), "engine.py": engine })).toEqual([]);
    const other = "torch.nn.utils.clip_grad_norm_(other.parameters(), 1)\n";
    expect(placesIn({ "train.py": script(other), "engine.py": engine })).toEqual(["6:missing-clipping"]);
  });

  it("reports a helper that clips after the update, at its call", () => {
    const script = train("from engine import tame", "").concat("    tame(model)\n");
    expect(placesIn({ "train.py": script, "engine.py": CLIP })).toEqual(["11:clip-after-step"]);
  });

  it("knows a model by whichever module names it", () => {
    const shared = "from torch import nn\nmodel = nn.LSTM(8, 8)\noptimizer = None\n";
    const engine =
      "import torch\nimport shared\ndef tame():\n    torch.nn.utils.clip_grad_norm_(shared.model.parameters(), 1)\n";
    const script = `import torch
from shared import model
from engine import tame
optimizer = torch.optim.Adam(model.parameters())
loss.backward()
tame()
optimizer.step()
`;
    expect(placesIn({ "train.py": script, "engine.py": engine, "shared.py": shared })).toEqual([]);
    expect(
      placesIn({
        "train.py": script,
        "engine.py": engine.replace("shared.model", "shared.other"),
        "shared.py": `${shared}other = nn.LSTM(8, 8)\n`,
      }),
    ).toEqual(["7:missing-clipping"]);
  });
});

describe("leaves to each module what stands in it", () => {
  const engine = `import torch
def update(model, optimizer, loss):
    loss.backward()
    optimizer.step()
`;
  const script = `import torch
from engine import update
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
update(model, optimizer, loss)
`;

  it("an update elsewhere is no finding here, and is one there", () => {
    expect(placesIn({ "train.py": script, "engine.py": engine })).toEqual([]);
    expect(placesIn({ "train.py": script, "engine.py": engine }, "engine.py")).toEqual(["4:missing-clipping"]);
  });

  it("edits nothing elsewhere, and points at it there, though its offsets would fit here", () => {
    const padding = "# a longer text than the other module's\n".repeat(30);
    const project = new Project({
      "train.py": `import torch\nfrom engine import build\n${padding}optimizer = build(model)\nloss.backward()\noptimizer.step()\n`,
      "engine.py": "import torch\ndef build(m):\n    return torch.optim.Adam(m.parameters())\n",
    });
    const module = project.open();
    const [finding] = module.lint();
    expect(module.text.slice(finding!.range.start, finding!.range.end)).toBe("optimizer.step()");
    const places = finding!.related.map(({ range: { start, end }, module: imported }) => {
      const name = imported?.path.split("/").at(-1) ?? "here";
      return [name, (imported?.text ?? module.text).slice(start, end)];
    });
    expect(places.toSorted()).toEqual([
      ["engine.py", "torch.optim.Adam(m.parameters())"],
      ["here", "loss.backward()"],
    ]);
    const fixed = apply(module.text, module.fixAll("unsafe").edits);
    expect(parses(fixed)).toBe(true);
    expect(fixed).toContain("loss.backward()\ntorch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n");
    project.write("train.py", fixed);
    expect(project.lint()).toEqual([]);
    module.dispose();
  });

  it("says where a threshold is that stands elsewhere", () => {
    const project = new Project({
      "train.py": train("from engine import tame", "tame(model)"),
      "engine.py": CLIP,
    });
    const request = { threshold: 0.5, siteLine: 9, clipLine: null };
    expect(project.open().thresholdEdit(request)).toMatchObject({ module: { path: "/project/engine.py", text: CLIP } });
    project.write("train.py", train("from engine import tame", "tame(model, 2.0)"));
    const edit = project.open().thresholdEdit(request);
    expect("edits" in edit && edit.edits.map(({ newText }) => newText)).toEqual(["0.5"]);
  });
});

describe("stays on firm ground", () => {
  it.each<[string, Record<string, string>]>([
    [
      "modules that import each other",
      {
        "engine.py": "from limits import tame\ndef prepare(m):\n    tame(m)\n",
        "limits.py": "from engine import tame, prepare\n# clip\n",
      },
    ],
    ["a module that imports itself", { "engine.py": "from engine import tame\nimport engine\n# clip\n" }],
    ["a module that imports the script", { "engine.py": "from train import tame, model\n# clip\n" }],
    [
      "wildcards in a circle",
      { "engine.py": "from limits import *\n# clip\n", "limits.py": "from engine import *\n# clip\n" },
    ],
    [
      "functions that call each other",
      {
        "engine.py": "import limits\ndef tame(m):\n    limits.back(m)\n# clip\n",
        "limits.py": "import engine\ndef back(m):\n    engine.tame(m)\n# clip\n",
      },
    ],
    ["a module that doesn't parse", { "engine.py": "def tame(m:\n    ((( clip\n" }],
    [
      "a class that inherits from itself",
      { "engine.py": "from engine import tame\nclass tame(tame):\n    step = tame.step\n" },
    ],
  ])("%s", (_, files) => {
    expect(() => placesIn({ "train.py": train("from engine import tame", "tame(model)"), ...files })).not.toThrow();
  });

  it("never looks into a framework, nor beyond the project", () => {
    const torch = "class optim:\n    pass\ndef clip(): pass\n";
    expect(placesIn({ "train.py": train("", ""), "torch/__init__.py": torch, "torch.py": torch })).toEqual([
      "10:missing-clipping",
    ]);
    expect(
      placesIn({ "train.py": train("from engine import tame", "tame(model)"), "site-packages/engine.py": CLIP }),
    ).toEqual([]);
    expect(placesIn({ "a/train.py": train("from ...engine import tame", "tame(model)") }, "a/train.py")).toEqual([]);
  });

  it("follows an edit of what is imported, and its removal", () => {
    const project = new Project({ "train.py": train("from engine import tame", "tame(model)"), "engine.py": CLIP });
    const module = project.open();
    const rules = () => module.lint().map(({ rule }) => rule);
    expect(rules()).toEqual([]);
    expect(module.isCurrent).toBe(true);
    project.write("engine.py", "def tame(model):\n    pass\n");
    expect(module.isCurrent).toBe(false);
    expect(rules()).toEqual(["missing-clipping"]);
    project.write("engine.py", CLIP);
    expect(rules()).toEqual([]);
    project.delete("engine.py");
    expect(rules()).toEqual([]);
    project.write("engine/__init__.py", "def tame(model):\n    pass\n");
    expect(rules()).toEqual(["missing-clipping"]);
    module.dispose();
  });
});

describe("what happens elsewhere happens on every way to it", () => {
  const engine = `import torch
def update(model, optimizer, loss, depth=0):
    loss.backward()
    if depth:
        update(model, optimizer, loss, depth - 1)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
def back(loss):
    loss.backward()
`;

  it("in a loop, after other updates, and through recursion", () => {
    const script = `import torch
from engine import update
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    update(model, optimizer, model(x))
    optimizer.step()
    model(x).sum().backward()
    optimizer.step()
    update(model, optimizer, model(x))
    optimizer.step()
`;
    expect(placesIn({ "train.py": script, "engine.py": engine })).toEqual(["9:missing-clipping"]);
  });

  it("whichever of two calls leads there", () => {
    const script = `import torch
from engine import back
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    if x:
        back(model(x))
    else:
        back(model(-x))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimizer.step()
back(model(x))
optimizer.step()
`;
    expect(placesIn({ "train.py": script, "engine.py": engine })).toEqual(["13:missing-clipping"]);
  });

  it("and what is called back here is found here", () => {
    const script = `import torch
from engine import run
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
def update():
    optimizer.step()
run(update, model)
`;
    const run = (clip: string) => `import torch
def run(step, model):
    for x in data:
        model(x).backward()
        ${clip}
        step()
`;
    expect(placesIn({ "train.py": script, "engine.py": run("pass  # no clip") })).toEqual(["6:missing-clipping"]);
    const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1)";
    expect(placesIn({ "train.py": script, "engine.py": run(clip) })).toEqual([]);
  });

  it("with a constructor of a base class that is called by another", () => {
    const script = `import torch
from engine import Trainer
class Mine(Trainer):
    def __init__(self, model):
        super().__init__(model)
    def train(self, loss):
        loss.backward()
        self.finish()
        self.optimizer.step()
Mine(torch.nn.LSTM(8, 8)).train(loss)
`;
    const base = (clip: string) => `import torch
class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters())
    def finish(self):
        ${clip}
`;
    expect(placesIn({ "train.py": script, "engine.py": base("pass  # no clip") })).toEqual(["9:missing-clipping"]);
    const clip = "torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1)";
    expect(placesIn({ "train.py": script, "engine.py": base(clip) })).toEqual([]);
  });
});

describe("an optimizer that another module defines", () => {
  const script = train("from engine import Tidy", "").replace("torch.optim.Adam", "Tidy");
  const engine = (update: string, base = "Optimizer") => `import torch
from torch.optim.optimizer import Optimizer

class Averaged(${base}):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                ${update}

class Tidy(Averaged):
    def __init__(self, parameters, lr=1e-3):
        super().__init__(parameters, {"lr": lr})
`;
  const PLAIN = 'p.data.add_(p.grad, alpha=-group["lr"])';

  it("is a plain one if nothing in it may clip, however far its base is", () =>
    expect(placesIn({ "train.py": script, "engine.py": engine(PLAIN) })).toEqual(["10:missing-clipping"]));

  it.each([
    ["clips", `p.grad.clamp_(-1, 1); ${PLAIN}`],
    ["clips in a function", `limit(p, group["max_norm"]); ${PLAIN}`],
    ["steps another one", "self.inner.step()"],
    ["has a base that can't be seen", PLAIN, "Optimizer, tools.Tamed"],
    ["is no optimizer of a framework", PLAIN, "object"],
  ])("is left alone where it %s", (_, update, base?: string) =>
    expect(placesIn({ "train.py": script, "engine.py": engine(update, base) })).toEqual([]),
  );
});

/** A small generator of its own, so that a failure can be run again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it.each([1, 2, 3, 4])("finds after edits of both what it would find afresh (seed %i)", (seed) => {
  const random = generator(seed);
  const scripts = [
    train("from engine import tame", "tame(model)"),
    train("import engine", "engine.state.clip = 1; engine.tame(model, engine.state.clip)"),
    "import torch\nfrom engine import Trainer\nclass Mine(Trainer):\n    def train(self, loss):\n        loss.backward()\n        self.finish()\n        self.optimizer.step()\n",
    "import torch\nfrom engine import *\nloss.backward()\nshared.optimizer.step()\noptimizer.step()\n",
  ];
  const engines = [
    CLIP,
    `${CLIP}state = None\nstate.clip = 2\nclass Trainer:\n    def __init__(self, m):\n        self.optimizer = Adam(m)\n    def finish(self):\n        self.clip()\n`,
    "import torch\nfrom train import model\nshared = model\noptimizer = torch.optim.Adam(model.parameters())\n",
    "def tame(model, limit):\n    pass  # clip\n",
  ];
  const project = new Project({ "train.py": scripts[0]!, "engine.py": engines[0]! });
  const module = project.open();
  for (let round = 0; round < 40; round++) {
    const texts = random(2) === 0 ? scripts : engines;
    const whole = texts[random(texts.length)]!;
    const cut = random(3) === 0 ? whole.slice(0, random(whole.length)) : whole;
    project.write(texts === scripts ? "train.py" : "engine.py", cut);
    if (texts === scripts) module.edit([{ range: { start: 0, end: module.text.length }, newText: cut }]);
    const again = project.open();
    expect(module.lint()).toEqual(again.lint());
    expect(module.lint()).toEqual(module.lint());
    again.dispose();
  }
  module.dispose();
});

describe("a library that only a module with all its names brings in", () => {
  const graph = (imports: string) =>
    `${imports}\noptimizer = tf.train.AdamOptimizer(0.1)\ntrain = optimizer.minimize(loss)\n`;
  const layers = "import tensorflow as tf\n\ndef dense(x):\n    return tf.nn.relu(x)\n";

  it.each([
    ["directly", "from layers import *", { "layers.py": layers }],
    ["by another one", "from layers import *", { "layers.py": "from base import *\n", "base.py": layers }],
    ["among several", "from shapes import *\nfrom .layers import *", { "shapes.py": "pi = 3\n", "layers.py": layers }],
  ])("is followed %s", (_, imports, modules) => {
    const line = imports.split("\n").length + 2;
    expect(placesIn({ "train.py": graph(imports), ...modules })).toEqual([`${line}:missing-clipping`]);
  });

  it.each([
    ["named", "from layers import dense", { "layers.py": layers }],
    ["not to be found", "from layers import *", {}],
    ["without a library", "from layers import *", { "layers.py": "tf = make()\n" }],
    [
      "in a circle",
      "from layers import *",
      { "layers.py": "from base import *\n", "base.py": "from layers import *\n" },
    ],
  ])("isn't there where the module is %s", (_, imports, modules) => {
    expect(placesIn({ "train.py": graph(imports), ...modules })).toEqual([]);
  });

  it("follows an edit of that module", () => {
    const project = new Project({ "train.py": graph("from layers import *"), "layers.py": "pi = 3\n" });
    const module = project.open();
    const rules = () => module.lint().map(({ rule }) => rule);
    expect(rules()).toEqual([]);
    expect(module.isCurrent).toBe(true);
    project.write("layers.py", layers);
    expect(module.isCurrent).toBe(false);
    expect(rules()).toEqual(["missing-clipping"]);
    project.delete("layers.py");
    expect(rules()).toEqual([]);
    module.dispose();
  });
});
