/** timm: clipping by any of three ways, and a scaler whose call does the backward pass, the clip and the update. */
import { at, type Framework, type Meaning } from "./framework.ts";
import type { UpdateSpelling } from "./spelling.ts";

const KINDS = { norm: "norm", value: "value", agc: "adaptive" } as const;

const scaler: Meaning = {
  event: "step",
  optimizer: at(1, "optimizer"),
  managed: true,
  told: { threshold: at(2, "clip_grad"), kind: "norm", mode: { place: at(3, "clip_mode"), kinds: KINDS } },
};

/** It clips what it is given beside the optimizer, and raises an error without. */
const told = (mode?: string): UpdateSpelling => ({
  place: "update",
  on: /^timm\.utils\.(Native|Apex)Scaler\(\)$/,
  keyword: "clip_grad",
  unless: "clip_mode",
  also: (parameters) => ({ ...(mode && { clip_mode: `"${mode}"` }), parameters }),
});

export const timm: Framework = {
  name: "timm",
  title: "timm",
  mentions: ["timm"],
  triggers: ["Scaler", "clip_grad"],
  aliases: [
    ["timm.utils.clip_grad.dispatch_clip_grad", "timm.utils.dispatch_clip_grad"],
    ["timm.utils.agc.adaptive_clip_grad", "timm.utils.adaptive_clip_grad"],
    ["timm.utils.cuda.NativeScaler", "timm.utils.NativeScaler"],
    ["timm.utils.cuda.ApexScaler", "timm.utils.ApexScaler"],
  ],
  calls: {
    "timm.utils.dispatch_clip_grad": {
      event: "clip",
      kind: "norm",
      mode: { place: at(2, "mode"), kinds: KINDS },
      parameters: at(0, "parameters"),
      threshold: at(1, "value"),
    },
    "timm.utils.adaptive_clip_grad": {
      event: "clip",
      kind: "adaptive",
      parameters: at(0, "parameters"),
      threshold: at(1, "clip_factor"),
    },
    "timm.utils.NativeScaler()": scaler,
    "timm.utils.ApexScaler()": scaler,
  },
  managedSpelling: told(),
  managedKinds: { value: told("value"), adaptive: told("agc") },
  inert: /^timm(\.|$)/,
};
