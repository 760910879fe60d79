import { accelerate } from "./accelerate.ts";
import { deepspeed } from "./deepspeed.ts";
import { fabric } from "./fabric.ts";
import { fastai } from "./fastai.ts";
import { flax } from "./flax.ts";
import type { Framework } from "./framework.ts";
import { gradsight } from "./gradsight.ts";
import { ignite } from "./ignite.ts";
import { keras } from "./keras.ts";
import { lightning } from "./lightning.ts";
import { optax } from "./optax.ts";
import { pytorch } from "./pytorch.ts";
import { stableBaselines3 } from "./stable-baselines3.ts";
import { tensorflow } from "./tensorflow.ts";
import { transformers } from "./transformers.ts";

export const FRAMEWORKS: readonly Framework[] = [
  pytorch,
  accelerate,
  fabric,
  lightning,
  transformers,
  deepspeed,
  fastai,
  ignite,
  stableBaselines3,
  keras,
  tensorflow,
  optax,
  flax,
  gradsight,
];
