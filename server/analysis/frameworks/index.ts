import { accelerate } from "./accelerate.ts";
import { fabric } from "./fabric.ts";
import { flax } from "./flax.ts";
import type { Framework } from "./framework.ts";
import { gradsight } from "./gradsight.ts";
import { keras } from "./keras.ts";
import { lightning } from "./lightning.ts";
import { optax } from "./optax.ts";
import { pytorch } from "./pytorch.ts";
import { tensorflow } from "./tensorflow.ts";

export const FRAMEWORKS: readonly Framework[] = [
  pytorch,
  accelerate,
  fabric,
  lightning,
  keras,
  tensorflow,
  optax,
  flax,
  gradsight,
];
