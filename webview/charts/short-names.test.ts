import { expect, test } from "vitest";
import { shortNames } from "./short-names.ts";

/** Where every character is as wide as the next. */
const within = (most: number, ...names: string[]) => shortNames(names, (text) => text.length <= most);

const decoder = (block: number, rest: string) => `model.decoder.layers.${block}.${rest}`;

test("what has room is whole", () => {
  expect(within(20, "embed.weight", "head.weight")).toEqual(["embed.weight", "head.weight"]);
});

test("what all rows have goes first, and what tells them apart stays", () => {
  const names = [0, 1, 10].map((block) => decoder(block, "low_rank_adapter.default.weight"));
  expect(within(25, ...names)).toEqual([0, 1, 10].map((block) => `…layers.${block}…default.weight`));
  expect(within(20, ...names)).toEqual([0, 1, 10].map((block) => `…${block}…default.weight`));
  expect(within(6, ...names)).toEqual(["…0…", "…1…", "…10…"]);
});

test("of what tells rows apart the end goes last, in whole parts", () => {
  const names = [
    decoder(3, "self_attn.q_proj.weight"),
    decoder(3, "self_attn.k_proj.weight"),
    decoder(4, "mlp.weight"),
  ];
  expect(within(26, ...names)).toEqual([
    "…3.self_attn.q_proj.weight",
    "…3.self_attn.k_proj.weight",
    "…layers.4.mlp.weight",
  ]);
  expect(within(12, ...names)).toEqual(["…3…q_proj…", "…3…k_proj…", "…4…weight"]);
});

test("a mark stands for any number of parts, and never beside a separator", () => {
  const names = Array.from({ length: 12 }, (_, i) => decoder(i, "self_attention_block.multi_query_projection.weight"));
  for (const most of [8, 12, 16, 20, 30, 40, 50])
    for (const short of within(most, ...names)) expect(short).not.toMatch(/[./]…|…[./]|……/);
});

test("names without parts are told apart by where they differ, in whole numbers", () => {
  const names = [9, 10, 11].map((n) => `parameter_number_${n}_of_the_whole_model`);
  expect(within(12, "bias", ...names)).toEqual(["bias", "…9_of_the_w…", "…10_of_the_…", "…11_of_the_…"]);
  expect(within(12, "a_kernel_of_some_name_1", "a_kernel_of_some_name_2")).toEqual(["…some_name_1", "…some_name_2"]);
});

test("a name alone shows its last part, and that from its end", () => {
  expect(within(12, "a.very.long.path.to.weight")).toEqual(["…to.weight"]);
  expect(within(8, "a.very_long_weight")).toEqual(["very_lo…"]);
});

test("Keras's names keep their own separators", () => {
  expect(within(14, "dense_1/blocks/0/kernel", "dense_1/blocks/0/bias")).toEqual(["…0/kernel", "…blocks/0/bias"]);
});

test("rows stay apart where all that tells them apart has no room", () => {
  const normed = [0, 1, 10].flatMap((n) => ["g", "v"].map((of) => `encoder.layers.${n}.conv.weight_${of}`));
  expect(within(9, ...normed)).toEqual(["…0…ight_g", "…0…ight_v", "…1…ight_g", "…1…ight_v", "…10…ght_g", "…10…ght_v"]);
  expect(within(5, ...normed)).toEqual(["…0…_g", "…0…_v", "…1…_g", "…1…_v", "…10…g", "…10…v"]);
  const ends = ["encoder", "decoder"].flatMap((side) =>
    ["weight", "bias"].map((of) => `${side}.final_projection.${of}`),
  );
  expect(within(9, ...ends)).toEqual(["enc…wei…", "enco…bias", "dec…wei…", "deco…bias"]);
});

test("only what tells alike rows apart is kept of them", () => {
  const blocks = ["attention.weight", "attention.bias", "mlp.weight", "mlp.bias"].map((rest) => `blocks.10.${rest}`);
  const others = blocks.map((name) => name.replace("10", "2"));
  expect(within(10, "embedding.weight", ...blocks, ...others, "lm_head.weight")).toEqual([
    "embedding…",
    ...["…10.at…we…", "…10.at…bi…", "…10.ml…we…", "…10.ml…bi…"],
    ...["…2.at…we…", "…2.at…bi…", "…2.ml…we…", "…2.ml…bi…"],
    "lm_head…",
  ]);
});

test("numbers at the end of a part are whole", () => {
  const names = ["layer1", "layer11", "layer21"].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
  expect(within(6, ...names)).toEqual(["…1.w…", "…1.b…", "…11.w…", "…11.b…", "…21.w…", "…21.b…"]);
});

test("of the parameters of a transformer none are alike in 11 characters", () => {
  const names = Array.from({ length: 24 }, (_, block) =>
    ["attn.qkv.weight", "attn.qkv.bias", "mlp.fc1.weight", "mlp.fc2.weight", "norm1.weight", "norm2.weight"].map(
      (rest) => `model.encoder.layer.${block}.${rest}`,
    ),
  ).flat();
  expect(new Set(within(11, ...names)).size).toBe(names.length);
});
