/** Runs that come from other programs' logs, and go into files that other programs read. */
import { flag, list, type Of, object, oneOf, record, text, whole } from "./shape.ts";

export const importFormat = oneOf("trainer-state", "json-lines", "csv", "tensorboard", "wandb");
export type ImportFormat = Of<typeof importFormat>;

export const exportFormat = oneOf("csv", "json-lines", "tensorboard", "safetensors");
export type ExportFormat = Of<typeof exportFormat>;

/** The name that a scalar has in the file, by scalar. */
export const sourceColumns = record(text(1024));
export type SourceColumns = Of<typeof sourceColumns>;

export const runSource = object({
  format: importFormat,
  file: text(),
  columns: sourceColumns,
  /** Whether these are what the names in the file tell by themselves. */
  told: flag,
  /** Of the file as it was then: bytes, and SHA-256 in hexadecimal digits. */
  size: whole,
  digest: text(64),
});
export type RunSource = Of<typeof runSource>;

/** What is in a file that can be imported. */
export const importable = object({
  format: importFormat,
  /** Its columns of numbers; of a file that was imported before, maybe only those that were taken. */
  names: list(text(1024)),
  /** What their names tell of them. */
  columns: sourceColumns,
  /** Those that may be the gradient norm and can't be told apart; none where one is in `columns`. */
  norms: list(text(1024)),
});
export type Importable = Of<typeof importable>;
