import { accelerate } from "./accelerate.ts";
import type { ConfigKind } from "./config.ts";
import { deepspeed } from "./deepspeed.ts";
import { detectron2 } from "./detectron2.ts";
import { trainer } from "./trainer.ts";

export const CONFIGS: readonly ConfigKind[] = [deepspeed, accelerate, trainer, detectron2];
