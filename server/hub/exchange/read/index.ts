/** The kinds of logs that can be imported. */
import { BadFile, type LogFile } from "../log-file.ts";
import type { LogFormat } from "../log-format.ts";
import { csv } from "./csv.ts";
import { jsonLines } from "./json-lines.ts";
import { tensorboard } from "./tensorboard.ts";
import { trainerState } from "./trainer-state.ts";
import { wandb } from "./wandb.ts";

/** The first that recognizes a file has it. */
const FORMATS: readonly LogFormat[] = [tensorboard, wandb, jsonLines, trainerState, csv];
const HEAD = 64 * 1024;

/** @throws {BadFile} where it is none of them */
export async function formatOf(file: LogFile): Promise<LogFormat> {
  const head = await file.head(HEAD);
  const format = FORMATS.find((candidate) => candidate.recognizes(file.name, head));
  if (format) return format;
  const titles = FORMATS.map(({ title }) => title).join(", ");
  throw new BadFile(`${file.name} is no log that can be imported. Those that can: ${titles}.`);
}
