/** The kinds of files that a run can be written to. */
import type { ExportFormat } from "../../../../protocol/exchange.ts";
import type { OutputFile } from "../output-file.ts";
import type { RecordedRun } from "../recorded-run.ts";
import { writeCsv } from "./csv.ts";
import { writeJsonLines } from "./json-lines.ts";
import { writeSafetensors } from "./safetensors.ts";
import { writeTensorboard } from "./tensorboard.ts";

export const WRITERS: Record<ExportFormat, (run: RecordedRun, file: OutputFile) => Promise<void>> = {
  csv: writeCsv,
  "json-lines": writeJsonLines,
  tensorboard: writeTensorboard,
  safetensors: writeSafetensors,
};
