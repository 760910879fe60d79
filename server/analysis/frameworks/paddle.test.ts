import { describe, expect, it } from "vitest";
import { fixAll, lint, parses, places } from "../../../test/analysis/analyser.ts";
import { placesIn } from "../../../test/analysis/project.ts";

const script = (options: string, update = "loss.backward()\nopt.step()", before = "") => `import paddle
import paddle.nn.functional as F

${before}model = paddle.nn.Linear(4, 1)
opt = paddle.optimizer.Adam(${options})
for x, y in data:
    loss = F.mse_loss(model(x), y)
${update
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
    opt.clear_grad()
`;
const PLAIN = "learning_rate=1e-3, parameters=model.parameters()";

describe("an update that nothing clips for", () => {
  it.each([
    ["plain", "loss.backward()\nopt.step()", 9],
    ["minimize", "loss.backward()\nopt.minimize(loss)", 9],
    ["a scaler", "scaler.scale(loss).backward()\nscaler.step(opt)\nscaler.update()", 9],
    ["a scaler that minimizes", "scaled = scaler.scale(loss)\nscaled.backward()\nscaler.minimize(opt, scaled)", 10],
  ])("is reported: %s", (_, update, line) => {
    expect(places(script(PLAIN, update))).toEqual([`${line}:missing-clipping`]);
  });

  it("is reported in a static program", () => {
    const text = `import paddle.fluid as fluid
opt = fluid.optimizer.AdamOptimizer(learning_rate=1e-3)
opt.minimize(loss)
`;
    expect(places(text)).toEqual(["3:missing-clipping"]);
  });

  it("is reported whichever optimizer is chosen by its name", () => {
    const text = script(PLAIN).replace("paddle.optimizer.Adam", "getattr(paddle.optimizer, args.optimizer)");
    expect(places(text)).toEqual(["9:missing-clipping"]);
    expect(fixAll(text)).toBe(
      text.replace("model.parameters())", "model.parameters(), grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0))"),
    );
    expect(places(text.replace("parameters=", "grad_clip=args.clip, parameters="))).toEqual([]);
  });

  it.each(["collective", "parameter_server.distribute_transpiler"])("is reported in a fleet of old: %s", (of) => {
    const text = (options: string) => `import paddle.fluid as fluid
from paddle.fluid.incubate.fleet.${of} import fleet
opt = fleet.distributed_optimizer(fluid.optimizer.SGD(0.1${options}), strategy)
opt.minimize(loss)
`;
    expect(places(text(""))).toEqual(["4:missing-clipping"]);
    expect(places(text(", grad_clip=limit"))).toEqual([]);
  });
});

describe("a model that trains itself", () => {
  const trained = (options: string, run = "model.fit(data)") => `import paddle

model = paddle.Model(net)
opt = paddle.optimizer.Adam(parameters=model.parameters()${options})
model.prepare(opt, paddle.nn.CrossEntropyLoss())
${run}
`;
  it("trains unclipped unless its optimizer is told to clip", () => {
    expect(places(trained(""))).toEqual(["5:missing-clipping"]);
    expect(fixAll(trained(""))).toBe(trained(", grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0)"));
    expect(places(trained(", grad_clip=paddle.nn.ClipGradByGlobalNorm(1e9)"))).toEqual(["4:unlikely-threshold"]);
  });
  it("says nothing where it is only evaluated", () => expect(places(trained("", "model.evaluate(data)"))).toEqual([]));
});

describe("is silent about", () => {
  it.each([
    ["the global norm", `${PLAIN}, grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0)`],
    ["each norm", `${PLAIN}, grad_clip=paddle.nn.ClipGradByNorm(clip_norm=1.0)`],
    ["values", `${PLAIN}, grad_clip=paddle.nn.ClipGradByValue(max=1.0)`],
    ["a clip that can't be seen", `${PLAIN}, grad_clip=clip`],
    ["options that can't be seen", `${PLAIN}, **options`],
  ])("clipping by %s", (_, options) => {
    expect(places(script(options)).filter((place) => place.endsWith("missing-clipping"))).toEqual([]);
  });

  it("a clip before the update", () => {
    const update = "loss.backward()\npaddle.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\nopt.step()";
    expect(places(script(PLAIN, update))).toEqual([]);
  });

  it("a clip for the whole program", () => {
    const text = `import paddle.fluid as fluid
fluid.clip.set_gradient_clip(fluid.clip.GradientClipByGlobalNorm(1.0))
opt = fluid.optimizer.SGD(learning_rate=1e-3)
opt.minimize(loss)
`;
    expect(places(text)).toEqual([]);
  });

  it("an optimizer that is handed in, also beside PyTorch", () => {
    const loop = `def train(model, optimizer, data):
    for x in data:
        loss = model(x)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
`;
    expect(places(`import paddle\n${loop}`)).toEqual([]);
    expect(places(`import paddle\nimport torch\n${loop}`)).toEqual([]);
  });
});

describe("the fix", () => {
  it("is one more argument", () => {
    const text = script(PLAIN);
    const fixed = fixAll(text);
    expect(fixed).toBe(script(`${PLAIN}, grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0)`));
    expect(parses(fixed)).toBe(true);
    expect(places(fixed)).toEqual([]);
  });

  it("takes the place of what switches clipping off", () => {
    expect(places(script(`${PLAIN}, grad_clip=None`))).toEqual(["5:disabled-clipping"]);
    expect(fixAll(script(`${PLAIN}, grad_clip=None`))).toBe(
      script(`${PLAIN}, grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0)`),
    );
  });

  it("goes to each optimizer that may be meant, spelled as the file imports", () => {
    const text = `from paddle import nn, optimizer as O
opt = O.SGD(0.1, parameters=net.parameters()) if plain else O.Momentum(0.1, parameters=net.parameters())
net(x).mean().backward()
opt.step()
`;
    expect(fixAll(text)).toBe(
      text.replaceAll("net.parameters())", "net.parameters(), grad_clip=nn.ClipGradByGlobalNorm(1.0))"),
    );
  });

  it("is Paddle's, also where the text mentions PyTorch", () => {
    const text = script(PLAIN).replace("import paddle\n", "# As torch does it.\nimport paddle\n");
    expect(fixAll(text)).toBe(
      text.replace("model.parameters())", "model.parameters(), grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0))"),
    );
  });

  it("is for no one who said no", () => {
    const text = script(`${PLAIN}, grad_clip=None`);
    expect(lint(text).map(({ rule }) => rule)).toEqual(["disabled-clipping"]);
  });
});

it("knows the recurrent layers of static programs", () => {
  const text = `import paddle.fluid as fluid
hidden, cell = fluid.layers.dynamic_lstm(input=words, size=128)
fluid.optimizer.Adagrad(learning_rate=0.01).minimize(cost)
`;
  expect(lint(text)).toMatchObject([{ rule: "missing-clipping", severity: "warning" }]);
});

describe("names that another module brings", () => {
  const found = (build: string, more: Record<string, string>) =>
    placesIn({
      "train.py": `from pieces import *

model = Net(4)
opt = ${build}
for x in data:
    paddle.nn.functional.mse_loss(model(x), x).backward()
    opt.step()
    opt.clear_grad()
`,
      ...more,
    });
  it.each<[string, string, Record<string, string>]>([
    [
      "Paddle itself and its optimizer",
      "Adam(parameters=model.parameters())",
      { "pieces.py": "import paddle\nfrom paddle.optimizer import Adam\nclass Net(paddle.nn.Layer): pass\n" },
    ],
    ["Paddle, from where it can't be seen", "paddle.optimizer.Adam(parameters=model.parameters())", {}],
  ])("are found: %s", (_, build, more) => expect(found(build, more)).toEqual(["7:missing-clipping"]));
});
