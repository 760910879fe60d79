import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const train = (
  clip: string,
  params = '[{"params": model.body.parameters()}, {"params": model.head.parameters()}]',
) => `import torch
optimizer = torch.optim.Adam(${params})
for x in data:
    optimizer.zero_grad()
    model(x).sum().backward()
${clip
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
    optimizer.step()
`;
const call = (parameters: string, threshold = "1.0") => `torch.nn.utils.clip_grad_norm_(${parameters}, ${threshold})`;
const perGroup = `for group in optimizer.param_groups:\n    ${call('group["params"]')}`;
const first = call('optimizer.param_groups[0]["params"]');

describe("reports a norm of each part", () => {
  it.each<[string, string, string[]]>([
    ["each group", train(perGroup), ["7:clip-per-group"]],
    [
      "each group, by number",
      train(perGroup.replace("group in optimizer.param_groups", "i, group in enumerate(optimizer.param_groups)")),
      ["7:clip-per-group"],
    ],
    [
      "the groups of an optimizer that can't be seen",
      train(perGroup, "x").replace("torch.optim.Adam(x)", "build()"),
      ["7:clip-per-group"],
    ],
    [
      "under a condition on something else",
      train(
        `for group in optimizer.param_groups:\n    if max_norm > 0 and not legacy:\n        ${call('group["params"]', "max_norm")}`,
      ),
      ["8:clip-per-group"],
    ],
    ["each parameter", train(`for p in model.parameters():\n    ${call("p")}`), ["7:clip-per-group"]],
    [
      "each parameter that has a gradient",
      train(`for _, p in model.named_parameters():\n    if p.grad is not None:\n        ${call("[p]")}`),
      ["8:clip-per-group"],
    ],
    ["each layer", train(`for layer in model.children():\n    ${call("layer.parameters()")}`), ["7:clip-per-group"]],
    ["one group of several", train(first), ["6:clip-per-group"]],
    [
      "one group of an optimizer in a dict",
      train(`for name, one in optimizers.items():\n    ${call('one.param_groups[0]["params"]')}`),
      ["7:clip-per-group"],
    ],
  ])("%s", (_, text, expected) => expect(places(text)).toEqual(expected));

  it("as a warning only where a group is seen to go unclipped", () => {
    expect(lint(train(perGroup)).map(({ severity }) => severity)).toEqual(["information"]);
    expect(lint(train(first)).map(({ severity }) => severity)).toEqual(["warning"]);
    expect(lint(train(first, "build()")).map(({ severity }) => severity)).toEqual(["information"]);
  });
});

describe("says nothing", () => {
  it.each<[string, string]>([
    ["to the groups of an optimizer that has one", train(perGroup, "model.parameters()")],
    [
      "to the first group of an optimizer that has one",
      train(first, "[p for p in model.parameters() if p.requires_grad]"),
    ],
    ["to the first group of one that is written out", train(first, '[{"params": model.parameters(), "lr": 1}]')],
    ["to thresholds of each group's own", train(perGroup.replace("1.0", 'group["max_norm"]'))],
    [
      "to groups that are chosen",
      train(`for group in optimizer.param_groups:\n    if group["clip"]:\n        ${call('group["params"]')}`),
    ],
    [
      "to parameters that are chosen",
      train(
        `for n, p in model.named_parameters():\n    if "rnn" in n and p.grad is not None:\n        ${call("p")}`,
      ).replace('"rnn" in n', "p.dim() > 1"),
    ],
    ["to clipping by value", train(perGroup.replace("norm_", "value_"))],
    ["to all groups together", train(call('[p for group in optimizer.param_groups for p in group["params"]]'))],
    ["to the models of several optimizers", train(`for net in nets:\n    ${call("net.parameters()")}`)],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));
});

describe("clips all together", () => {
  it.each<[string, string, string]>([
    ["the groups", train(perGroup), train(call('[p for group in optimizer.param_groups for p in group["params"]]'))],
    ["the first group", train(first), train(call('[p for group in optimizer.param_groups for p in group["params"]]'))],
    ["the parameters", train(`for p in model.parameters():\n    ${call("p")}`), train(call("model.parameters()"))],
    [
      "the layers",
      train(`for l in model.children():\n    ${call("l.parameters()")}`),
      train(call("model.parameters()")),
    ],
  ])("%s", (_, text, expected) => {
    expect(fixAll(text)).toBe(expected);
    expect(places(expected)).toEqual([]);
  });

  it("unless the loop does something else", () => {
    const text = train(`for group in optimizer.param_groups:\n    group["lr"] = lr\n    ${call('group["params"]')}`);
    expect(places(text)).toEqual(["8:clip-per-group"]);
    expect(fixAll(text)).toBe(text);
  });
});

describe("labels of Optax", () => {
  const script = (tx: string) => `import jax
import optax

${tx}
state = tx.init(params)
for batch in batches:
    grads = jax.grad(loss_fn)(params, batch)
    updates, state = tx.update(grads, state, params)
    params = optax.apply_updates(params, updates)
`;
  const chain = (threshold: string, optimizer = "optax.adam(1e-3)") =>
    `optax.chain(optax.clip_by_global_norm(${threshold}), ${optimizer})`;
  const split = (a: string, b: string, of = "optax.multi_transform") => `tx = ${of}({"a": ${a}, "b": ${b}}, labels)`;
  const found = (text: string) => places(text).filter((place) => place.endsWith("clip-per-group"));

  it.each<[string, string, string[]]>([
    ["each with its clip", split(chain("1.0"), chain("1.0", "optax.sgd(0.1)")), ["4:clip-per-group"]],
    ["by the newer name", split(chain("1.0"), chain("1.0"), "optax.partition"), ["4:clip-per-group"]],
    ["the same number in two variables", `c = 1.0\n${split(chain("c"), chain("1"))}`, ["5:clip-per-group"]],
    [
      "clips that an optimizer follows",
      `tx = optax.chain(optax.multi_transform({"a": optax.clip_by_global_norm(1.0), "b": optax.clip_by_global_norm(1.0)}, labels), optax.adam(1e-3))`,
      ["4:clip-per-group"],
    ],
    [
      "parts behind names",
      `a = ${chain("1.0")}\nparts = {"a": a}\nparts["b"] = ${chain("1.0")}\ntx = optax.partition(parts, labels)`,
      ["4:clip-per-group"],
    ],
    [
      "parts of a helper",
      `def build(lr):\n    return ${chain("1.0", "optax.adam(lr)")}\n\n${split("build(1e-3)", "build(1e-4)")}`,
      ["5:clip-per-group"],
    ],
    [
      "parts of a comprehension",
      `tx = optax.partition({name: ${chain("1.0", "optax.adam(lr)")} for name, lr in rates.items()}, labels)`,
      ["4:clip-per-group"],
    ],
    ["one clipped of two", split(chain("1.0"), "optax.sgd(0.1)"), ["4:clip-per-group"]],
  ])("are reported: %s", (_, tx, expected) => expect(found(script(tx))).toEqual(expected));

  it.each<[string, string]>([
    ["thresholds of their own", split(chain("1.0"), chain("0.5"))],
    ["thresholds of their own by name", split(chain("slow"), chain("fast"))],
    [
      "thresholds of their own in a comprehension",
      `tx = optax.partition({name: ${chain("c")} for name, c in limits.items()}, labels)`,
    ],
    ["a label that is frozen", split(chain("1.0"), "optax.set_to_zero()")],
    ["a label of which nothing is known", split(chain("1.0"), "build()")],
    [
      "a clip of all around them",
      `${split(chain("1.0"), chain("1.0"))}\ntx = optax.chain(optax.clip_by_global_norm(5.0), tx)`,
    ],
    [
      "clipping by value",
      split("optax.chain(optax.clip(1.0), optax.adam(1))", "optax.chain(optax.clip(1.0), optax.sgd(1))"),
    ],
    ["a clip that is switched off", split(chain("None"), chain("None"))],
  ])("are left alone: %s", (_, tx) => expect(found(script(tx))).toEqual([]));

  it.each<[string, string, string]>([
    [
      "in a dictionary",
      split(chain("1.0"), "optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.scale(-0.1))"),
      `tx = optax.chain(optax.clip_by_global_norm(1.0), optax.multi_transform({"a": optax.adam(1e-3), "b": optax.chain(optax.scale_by_adam(), optax.scale(-0.1))}, labels))`,
    ],
    [
      "in a variable that nothing else reads",
      `parts = {"a": ${chain("limit")}, "b": ${chain("limit")}}\ntx = optax.partition(parts, labels)`,
      `parts = {"a": optax.adam(1e-3), "b": optax.adam(1e-3)}\ntx = optax.chain(optax.clip_by_global_norm(limit), optax.partition(parts, labels))`,
    ],
  ])("are clipped together: %s", (_, before, after) => {
    expect(fixAll(script(before))).toBe(script(after));
    expect(found(script(after))).toEqual([]);
  });

  it.each<[string, string]>([
    ["a label without a clip", split(chain("1.0"), "optax.sgd(0.1)")],
    [
      "a frozen label, whose gradients would count",
      `tx = optax.partition({"a": ${chain("1.0")}, "b": ${chain("1.0")}, "c": optax.set_to_zero()}, labels)`,
    ],
    [
      "a chain that something else uses",
      `a = ${chain("1.0")}\nother = optax.lookahead(a, 5, 0.5)\n${split("a", chain("1.0"))}`,
    ],
    [
      "a link before the clip",
      split(chain("1.0"), "optax.chain(optax.add_decayed_weights(1e-4), optax.clip_by_global_norm(1.0), optax.sgd(1))"),
    ],
  ])("are not with %s", (_, tx) => {
    expect(found(script(tx))).toHaveLength(1);
    expect(fixAll(script(tx))).toBe(script(tx));
  });
});
