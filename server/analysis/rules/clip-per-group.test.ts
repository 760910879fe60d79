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
