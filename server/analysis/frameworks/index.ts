import { accelerate } from "./accelerate.ts";
import { deepspeed } from "./deepspeed.ts";
import { detectron2 } from "./detectron2.ts";
import { equinox } from "./equinox.ts";
import { fabric } from "./fabric.ts";
import { fastai } from "./fastai.ts";
import { flax } from "./flax.ts";
import type { Framework } from "./framework.ts";
import { gradsight } from "./gradsight.ts";
import { haiku } from "./haiku.ts";
import { higher } from "./higher.ts";
import { ignite } from "./ignite.ts";
import { jax } from "./jax.ts";
import { jaxOptimizers } from "./jax-optimizers.ts";
import { keras } from "./keras.ts";
import { lightning } from "./lightning.ts";
import { mlx } from "./mlx.ts";
import { mmengine } from "./mmengine.ts";
import { optax } from "./optax.ts";
import { paddle } from "./paddle.ts";
import { pytorch } from "./pytorch.ts";
import { stableBaselines3 } from "./stable-baselines3.ts";
import { tensorflow } from "./tensorflow.ts";
import { timm } from "./timm.ts";
import { transformers } from "./transformers.ts";

export const FRAMEWORKS: readonly Framework[] = [
  pytorch,
  accelerate,
  fabric,
  lightning,
  transformers,
  deepspeed,
  timm,
  fastai,
  ignite,
  higher,
  mmengine,
  detectron2,
  stableBaselines3,
  keras,
  jax,
  jaxOptimizers,
  optax,
  flax,
  equinox,
  haiku,
  mlx,
  tensorflow,
  paddle,
  gradsight,
];
