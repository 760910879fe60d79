import { describe, expect, it } from "vitest";
import { fixAll, lint, places } from "../../../test/analysis/analyser.ts";

const train = (clip: string, wrap = "FSDP(Net())", before = "") => `import torch
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP, ShardingStrategy, fully_shard
${before}
model = ${wrap}
optimizer = torch.optim.AdamW(model.parameters())
for x in data:
    model(x).sum().backward()
    ${clip}
    optimizer.step()
`;
const utils = "nn.utils.clip_grad_norm_(model.parameters(), 1.0)";

describe("reports the norm of a shard", () => {
  it.each([
    ["", train(utils)],
    ["with a sharding strategy", train(utils, "FSDP(Net(), sharding_strategy=ShardingStrategy.SHARD_GRAD_OP)")],
    ["of a list", train("nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)")],
    [
      "of fairscale",
      train(utils, "FullyShardedDataParallel(Net())", "from fairscale.nn import FullyShardedDataParallel"),
    ],
    ["under a condition", train(`if args.clip: ${utils}`)],
  ])("%s", (_, text) => expect(places(text)).toEqual(["9:sharded-norm"]));

  it("of a model in self, in a helper", () => {
    const text = `import torch
from torch.distributed.fsdp.fully_sharded_data_parallel import FullyShardedDataParallel
class Trainer:
    def __init__(self, net):
        self.net = FullyShardedDataParallel(net)
        self.opt = torch.optim.AdamW(self.net.parameters())
    def clip(self, limit):
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), limit)
    def step(self, loss):
        loss.backward()
        self.clip(1.0)
        self.opt.step()
`;
    expect(places(text)).toEqual(["8:sharded-norm"]);
    expect(fixAll(text)).toContain("        self.net.clip_grad_norm_(limit)\n");
  });
});

it.each([
  [utils, "model.clip_grad_norm_(1.0)"],
  ["nn.utils.clip_grad_norm_(model.parameters(), max_norm=args.clip)", "model.clip_grad_norm_(max_norm=args.clip)"],
  [
    "norm = nn.utils.clip_grad_norm_(parameters=model.parameters(), norm_type=1, max_norm=0.5)",
    "norm = model.clip_grad_norm_(norm_type=1, max_norm=0.5)",
  ],
])("turns %s into the model's method", (clip, method) => {
  const fixed = fixAll(train(clip));
  expect(fixed).toBe(train(method));
  expect(places(fixed)).toEqual([]);
});

it("has no fix for what the method doesn't take", () => {
  const [finding] = lint(train("nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)"));
  expect(finding).toMatchObject({ rule: "sharded-norm", fix: null });
});

describe("says nothing", () => {
  it.each([
    ["to the model's method", train("model.clip_grad_norm_(1.0)")],
    ["to parameters that stay whole", train(utils, "FSDP(Net(), sharding_strategy=ShardingStrategy.NO_SHARD)")],
    ["to a strategy that can't be followed", train(utils, "FSDP(Net(), sharding_strategy=strategy(args))")],
    [
      "to a strategy that may be either",
      train(
        utils,
        "FSDP(Net(), sharding_strategy=kinds[args.kind])",
        'kinds = {"no": ShardingStrategy.NO_SHARD, "full": ShardingStrategy.FULL_SHARD}',
      ),
    ],
    [
      "to a strategy picked by name",
      train(utils, "FSDP(Net(), sharding_strategy=getattr(ShardingStrategy, args.kind))"),
    ],
    ["to arguments that can't be seen", train(utils, "FSDP(Net(), **options)")],
    ["to a model wrapped under a condition", train(utils, "FSDP(Net()) if args.shard else Net()")],
    ["to FSDP2", train(utils, "Net()", "fully_shard(net)")],
    ["to clipping by value", train("nn.utils.clip_grad_value_(model.parameters(), 1.0)")],
  ])("%s", (_, text) => expect(places(text)).toEqual([]));

  it("to Accelerate, which knows of shards", () => {
    const before = "from accelerate import Accelerator\naccelerator = Accelerator()";
    expect(places(train("accelerator.clip_grad_norm_(model.parameters(), 1.0)", "FSDP(Net())", before))).toEqual([]);
  });
});
