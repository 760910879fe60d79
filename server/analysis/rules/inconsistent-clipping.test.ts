import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const indented = (body: string) =>
  body
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
const head = `import torch
optimizer = torch.optim.Adam(model.parameters())
for x in data:
`;
const train = (body: string) => head + indented(body);
const clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)";
const found = (text: string) =>
  lint(text).flatMap(({ rule, severity, range, related }) => {
    const line = (offset: number) => text.slice(0, offset).split("\n").length;
    const others = related.map((place) => line(place.range.start)).join(" ");
    return rule === "inconsistent-clipping" ? [`${line(range.start)} ${severity}: ${others}`] : [];
  });

const branches = train(
  `if amp:\n    loss.backward()\n    ${clip}\n    optimizer.step()\nelse:\n    loss.backward()\n    optimizer.step()\n`,
);
const shared = `import torch
class Agent:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters())
        self.actor_opt = torch.optim.Adam(net.actor.parameters())
        self.critic_opt = torch.optim.Adam(net.critic.parameters())
    def learn(self, both, max_norm):
        if both:
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), max_norm)
            self.opt.step()
        else:
            actor_loss.backward()
            self.actor_opt.step()
            critic_loss.backward()
            self.critic_opt.step()
`;
const pair = `import torch
opt_a = torch.optim.Adam(a.parameters())
opt_b = torch.optim.Adam(b.parameters())
for x in data:
    opt_a.zero_grad()
    loss_a.backward()
    torch.nn.utils.clip_grad_norm_(a.parameters(), 1.0)
    opt_a.step()
    opt_b.zero_grad()
    loss_b.backward()
    opt_b.step()
`;

describe("reports a clip that others go without", () => {
  it.each<[string, string, string[]]>([
    ["the same optimizer on the other branch", branches, ["6 warning: 10"]],
    ["optimizers that train in its place", shared, ["11 information: 15 17"]],
    ["one of a pair, as a hint", pair, ["7 hint: 11"]],
    [
      "one of three",
      `${pair}    opt_c = torch.optim.Adam(c.parameters())\n    loss_c.backward()\n    opt_c.step()\n`,
      ["7 information: 11 14"],
    ],
  ])("%s", (_, text, expected) => expect(found(text)).toEqual(expected));

  it("beside the updates themselves, which are reported once each", () => {
    expect(places(shared)).toEqual(["11:inconsistent-clipping", "15:missing-clipping", "17:missing-clipping"]);
  });
});

describe("says nothing", () => {
  it.each<[string, string]>([
    [
      "where both are clipped",
      branches.replace("backward()\n        optimizer", `backward()\n        ${clip}\n        optimizer`),
    ],
    ["where neither is", branches.replace(clip, "pass")],
    [
      "to a clip under a condition, before one update",
      train(`loss.backward()\nif args.clip:\n    ${clip}\noptimizer.step()\n`),
    ],
    [
      "to updates of other functions",
      `import torch
def first(model, optimizer):
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
def second(model, optimizer):
    loss.backward()
    optimizer.step()
`,
    ],
    [
      "to loops that follow each other in a script",
      `${train(`loss.backward()\n${clip}\noptimizer.step()`)}\nfor x in data:\n    loss.backward()\n    optimizer.step()\n`,
    ],
    [
      "where unseen code may clip the other",
      branches.replace("backward()\n        optimizer", "backward()\n        tame(model)\n        optimizer"),
    ],
  ])("%s", (_, text) => expect(found(text)).toEqual([]));
});

describe("clips the others", () => {
  it("to the same threshold", () => {
    const fixed = fixAll(shared);
    expect(fixed).toContain(
      "clip_grad_norm_(self.net.actor.parameters(), max_norm=max_norm)\n            self.actor_opt.step()",
    );
    expect(fixed).toContain(
      "clip_grad_norm_(self.net.critic.parameters(), max_norm=max_norm)\n            self.critic_opt.step()",
    );
    expect(places(fixed)).toEqual([]);
  });

  it("unless its threshold may be none", () => {
    const text = branches.replace(clip, `if args.clip:\n            ${clip.replace("0.5", "args.clip")}`);
    const [finding] = lint(text).filter(({ rule }) => rule === "inconsistent-clipping");
    expect(finding).toMatchObject({ severity: "warning", fix: null });
  });
});
