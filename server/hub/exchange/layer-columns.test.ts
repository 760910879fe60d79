import { expect, it } from "vitest";
import { LayerColumns } from "./layer-columns.ts";

it.each([
  ["grad_2.0_norm_total", "grad_2.0_norm/fc.weight", "fc.weight"],
  ["grad_norm", "grad_norm/blocks.0.attn.bias", "blocks.0.attn.bias"],
  ["train/grad_norm", "train/gradient_norm/fc.weight", "fc.weight"],
  ["adamw/norm_pre", "adamw/grad_norm/fc.weight", "fc.weight"],
  ["norm", "grads_l2_norm/fc.weight", "fc.weight"],
  ["norm", "grad_2_norm/fc.weight", "fc.weight"],
])("beside %s, %s is the norm of a layer", (norm, column, layer) => {
  const columns = new LayerColumns(norm);
  expect([columns.layerOf(column), columns.layerOf(column)]).toEqual([layer, layer]);
});

it.each([
  ["grad_norm", "grad_norm/total", "the norm of all"],
  ["grad_norm", "grad_norm/max", "something of all"],
  ["grad_norm", "grad_inf_norm/fc.weight", "another norm"],
  ["grad_norm", "grad_1.0_norm/fc.weight", "another norm"],
  ["grad_norm", "weight_norm/fc.weight", "of something else"],
  ["grad_norm", "gradients/fc.weight", "no norm, as far as it says"],
  ["grad_norm", "val/grad_norm/fc.weight", "of another part"],
  ["adamw/norm_pre", "adamw@1/grad_norm/fc.weight", "of another rank"],
  [undefined, "grad_norm/fc.weight", "beside no norm"],
])("beside %s, %s is none: it is %s", (norm, column, _) => {
  expect(new LayerColumns(norm).layerOf(column)).toBeNull();
});
