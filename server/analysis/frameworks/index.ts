import { accelerate } from "./accelerate.ts";
import { fabric } from "./fabric.ts";
import type { Framework } from "./framework.ts";
import { gradsight } from "./gradsight.ts";
import { lightning } from "./lightning.ts";
import { pytorch } from "./pytorch.ts";

export const FRAMEWORKS: readonly Framework[] = [pytorch, accelerate, fabric, lightning, gradsight];
