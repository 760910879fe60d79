import { describe, expect, it } from "vitest";
import { fixAll, places } from "../../../test/analysis/analyser.ts";

const indented = (body: string) =>
  body
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
const train = (body: string) => `import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.Adam(model.parameters())
for i, x in enumerate(data):
    model(x).sum().backward()
${indented(body)}
`;
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)";
const step = "optimizer.step()\noptimizer.zero_grad()";
const guarded = (inner: string) => `if (i + 1) % 4 == 0:\n${indented(inner)}`;

const accelerate = (body: string, built = "gradient_accumulation_steps=4") => `import torch
from accelerate import Accelerator
accelerator = Accelerator(${built})
model, optimizer = accelerator.prepare(model, torch.optim.Adam(model.parameters()))
for x in data:
    with accelerator.accumulate(model):
        accelerator.backward(model(x).sum())
${indented(indented(body))}
        optimizer.step()
        optimizer.zero_grad()
`;
const clipped = "accelerator.clip_grad_norm_(model.parameters(), 1.0)";

describe("reports a clip outside the accumulation's guard", () => {
  it.each<[string, string, string[]]>([
    ["in a loop", train(`${clip}\n${guarded(step)}`), ["6:clip-each-micro-batch"]],
    [
      "by value",
      train(`torch.nn.utils.clip_grad_value_(model.parameters(), 1.0)\n${guarded(step)}`),
      ["6:clip-each-micro-batch"],
    ],
    [
      "under a condition on its threshold",
      train(`if args.clip is not None:\n    ${clip.replace("1.0", "args.clip")}\n${guarded(step)}`),
      ["7:clip-each-micro-batch"],
    ],
    [
      "where the guard has a name",
      train(`ready = (i + 1) % args.accum == 0 or i == last\n${clip}\nif ready:\n${indented(step)}`),
      ["7:clip-each-micro-batch"],
    ],
    [
      "where the other batches are skipped",
      train(`${clip}\nif (i + 1) % 4:\n    continue\n${step}`),
      ["6:clip-each-micro-batch"],
    ],
    [
      "in a helper",
      `import torch
def learn(model, loss, max_norm):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
optimizer = torch.optim.Adam(model.parameters())
for i, x in enumerate(data):
    learn(model, model(x).sum(), 1.0)
    if i % 4 == 3:
        optimizer.step()
        optimizer.zero_grad()
`,
      ["4:clip-each-micro-batch"],
    ],
    [
      "under the condition of its backward pass",
      `import torch
from apex import amp
optimizer = torch.optim.Adam(model.parameters())
for i, x in enumerate(data):
    if half:
        with amp.scale_loss(model(x).sum(), optimizer) as scaled:
            scaled.backward()
        torch.nn.utils.clip_grad_norm_(amp.master_params(optimizer), 1.0)
    else:
        model(x).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
`,
      ["8:clip-each-micro-batch", "11:clip-each-micro-batch"],
    ],
    [
      "in a loop that the update comes after",
      `import torch
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(9):
    optimizer.zero_grad()
    for x in data:
        model(x).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
`,
      ["7:clip-each-micro-batch"],
    ],
    [
      "before each backward pass",
      train(`pass\n${guarded(step)}`).replace("    model(x)", `    ${clip}\n    model(x)`),
      ["5:clip-each-micro-batch"],
    ],
    [
      "under mixed precision, whichever is on",
      `import torch
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.amp.GradScaler()
for i, x in enumerate(data):
    if amp:
        scaler.scale(model(x).sum()).backward()
    else:
        model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if (i + 1) % n == 0 or i + 1 == len(data):
        if amp:
            scaler.step(optimizer)
            scaler.update()
        else:
            optimizer.step()
        optimizer.zero_grad()
`,
      ["9:clip-each-micro-batch"],
    ],
    [
      "where the last batches have an update of their own",
      `${train(`${clip}\n${guarded(step)}`)}optimizer.step()\noptimizer.zero_grad()\n`,
      ["6:clip-each-micro-batch"],
    ],
    ["with Accelerate", accelerate(clipped), ["8:clip-each-micro-batch"]],
    [
      "with Accelerate, under a condition on its threshold",
      accelerate(`if args.clip:\n    ${clipped.replace("1.0", "args.clip")}`, "gradient_accumulation_steps=args.steps"),
      ["9:clip-each-micro-batch"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));
});

describe("says nothing", () => {
  it.each<[string, string]>([
    ["under the guard", train(guarded(`${clip}\n${step}`))],
    ["under an equal guard", train(`${guarded(clip)}\n${guarded(step)}`)],
    ["under a guard by another name", train(`if last:\n    ${clip}\n${guarded(step)}`)],
    [
      "where each batch's gradients are zeroed",
      train(`${clip}\n${guarded("optimizer.step()")}\noptimizer.zero_grad()`),
    ],
    ["where each batch steps", train(`${clip}\n${step}\nif i % 100 == 0:\n    print(i)`)],
    ["where the step waits for finite gradients", train(`norm = ${clip}\nif norm.isfinite():\n${indented(step)}`)],
    ["where the sum is clipped again", train(`${clip}\n${guarded(`${clip}\n${step}`)}`)],
    [
      "to the other optimizer of a pair",
      `import torch
opt_g = torch.optim.Adam(G.parameters())
opt_d = torch.optim.Adam(D.parameters())
for i, x in enumerate(data):
    opt_d.zero_grad()
    d_loss.backward()
    torch.nn.utils.clip_grad_norm_(D.parameters(), 1.0)
    opt_d.step()
    if i % 5 == 0:
        opt_g.zero_grad()
        g_loss.backward()
        torch.nn.utils.clip_grad_norm_(G.parameters(), 1.0)
        opt_g.step()
`,
    ],
    [
      "where each sample's gradients are zeroed by hand",
      `import torch
optimizer = torch.optim.Adam(model.parameters())
for batch in data:
    for x in batch:
        model(x).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for p in model.parameters():
            p.sum += p.grad
            p.grad = None
    optimizer.step()
`,
    ],
    [
      "to a loop over models",
      `import torch
optimizer = torch.optim.Adam(everything)
for x in data:
    optimizer.zero_grad()
    for net in nets:
        net(x).sum().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
`,
    ],
    [
      "to a loop over parts of a model",
      `import torch
optimizer = torch.optim.Adam(everything)
for x in data:
    optimizer.zero_grad()
    for i in range(4):
        part = parts[i]
        part(x).sum().backward()
        torch.nn.utils.clip_grad_norm_(part.parameters(), 1.0)
    optimizer.step()
`,
    ],
    ["under sync_gradients", accelerate(`if accelerator.sync_gradients:\n    ${clipped}`)],
    [
      "under sync_gradients and more",
      accelerate(`if args.clip and accelerator.sync_gradients:\n    ${clipped.replace("1.0", "args.clip")}`),
    ],
    ["to an accelerator that isn't told to accumulate", accelerate(clipped, "")],
    ["to an accelerator that accumulates one batch", accelerate(clipped, "gradient_accumulation_steps=1")],
    [
      "to an accelerator that can't be seen",
      accelerate(clipped).replace("accelerator = Accelerator(gradient_accumulation_steps=4)", "accelerator = build()"),
    ],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});

describe("moves the clip to the update", () => {
  it("with its condition, further in", () => {
    const own = `if args.clip:\n    ${clip.replace("1.0", "args.clip")}`;
    const fixed = fixAll(train(`${own}\n${guarded(step)}`));
    expect(fixed).toBe(train(guarded(`${own}\n${step}`)));
    expect(places(fixed)).toEqual([]);
  });

  it("and unscales there", () => {
    const scaled = (body: string) => train(body).replace("model(x).sum()", "scaler.scale(model(x).sum())");
    const fixed = fixAll(scaled(`${clip}\n${guarded("scaler.step(optimizer)\nscaler.update()")}`));
    expect(fixed).toContain(`        scaler.unscale_(optimizer)\n        ${clip}\n        scaler.step(optimizer)\n`);
    expect(places(fixed)).toEqual([]);
  });

  it("out of the loop before it", () => {
    const loop = (inner: string, after: string) =>
      `import torch\noptimizer = torch.optim.Adam(model.parameters())\nfor x in data:\n    loss(x).backward()\n${inner}${after}optimizer.step()\n`;
    const fixed = fixAll(loop(`    ${clip}\n`, ""));
    expect(fixed).toBe(loop("", `${clip}\n`));
    expect(places(fixed)).toEqual([]);
  });

  it("unless there are several", () => {
    const text = `${train(`${clip}\n${guarded(step)}`)}optimizer.step()\n`;
    expect(fixAll(text)).toBe(text);
  });

  it("unless its result is used at every batch", () => {
    const text = train(`norm = ${clip}\nprint(norm)\n${guarded(step)}`);
    expect(places(text)).toEqual(["6:clip-each-micro-batch"]);
    expect(fixAll(text)).toBe(text);
  });

  it("by Accelerate's condition", () => {
    const fixed = fixAll(accelerate(clipped));
    expect(fixed).toBe(accelerate(`if accelerator.sync_gradients:\n    ${clipped}`));
    expect(places(fixed)).toEqual([]);
  });
});

describe("an Optax chain that clips before MultiSteps", () => {
  const script = (tx: string) => `import jax
import optax
tx = ${tx}
grads = jax.grad(loss)(params)
updates, state = tx.update(grads, tx.init(params), params)
`;
  const inside = "optax.MultiSteps(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)), 4)";

  it("is reported, and fixed by a chain inside", () => {
    const text = script("optax.chain(optax.clip_by_global_norm(1.0), optax.MultiSteps(optax.adam(1e-3), 4))");
    expect(places(text)).toEqual(["3:clip-each-micro-batch"]);
    expect(fixAll(text)).toBe(script(`optax.chain(${inside})`));
  });

  it("is reported without a fix where the optimizer is built elsewhere", () => {
    const text = script("optax.chain(optax.clip(1.0), steps)").replace(
      "tx =",
      "steps = optax.MultiSteps(adam, 4)\ntx =",
    );
    expect(places(text)).toEqual(["4:clip-each-micro-batch"]);
    expect(fixAll(text)).toBe(text);
  });

  it("is not one that clips inside, or that adds up nothing", () => {
    expect(places(script(inside))).toEqual([]);
    expect(places(script("optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))"))).toEqual([]);
  });
});
