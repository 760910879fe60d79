import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util";
import type { RuleInfo } from "../analysis/index.ts";
import { unknown } from "../configuration/names.ts";

/** The command line asked for something that there is not. The message is fit for users. */
export class UsageError extends Error {}

export function parseOptions<const Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  const config = { args, options, allowPositionals: true, strict: true } as const satisfies ParseArgsConfig;
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

export function choice<const T extends string>(value: string | undefined, option: string, choices: readonly T[]): T {
  if (value !== undefined && choices.includes(value as T)) return value as T;
  throw new UsageError(`${option}: "${value}" is none of ${choices.join(", ")}`);
}

export function ruleNamed(name: string, rules: readonly RuleInfo[]): RuleInfo {
  const rule = rules.find((candidate) => candidate.name === name);
  if (rule) return rule;
  const names = rules.map((candidate) => candidate.name);
  throw new UsageError(unknown("rule", name, names, "see: gradsight rules"));
}
