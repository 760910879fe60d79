import type { Severity } from "../analysis/index.ts";

export type Level = Severity | "off";

/** What the `[tool.gradsight]` table of a `pyproject.toml` says. */
export interface Configuration {
  readonly file: string;
  /** What its patterns are relative to. */
  readonly folder: string;
  /** Only these rules; null: all. */
  readonly select: readonly string[] | null;
  readonly ignore: readonly string[];
  readonly severity: Readonly<Record<string, Level>>;
  readonly perFileIgnores: readonly PerFileIgnore[];
  /** Added to what is excluded anyway. */
  readonly exclude: readonly string[];
}

export interface PerFileIgnore {
  /** As in `.gitignore`; with a leading `!` all files but those. */
  readonly pattern: string;
  readonly rules: readonly string[];
}

/** A configuration that can't be used. The message is fit for users: file, line, key, and what is allowed. */
export class ConfigurationError extends Error {
  constructor(file: string, line: number | null, problem: string) {
    super(line === null ? `${file}: ${problem}` : `${file}:${line}: ${problem}`);
  }
}
