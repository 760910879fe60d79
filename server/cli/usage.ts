import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util";
import type { RuleInfo } from "../analysis/index.ts";

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
  const near = rules.filter((candidate) => candidate.name.includes(name) || distance(candidate.name, name) <= 3);
  const hint = near.length > 0 ? `; did you mean ${near.map((candidate) => candidate.name).join(" or ")}?` : "";
  throw new UsageError(`there is no rule "${name}"${hint || "; see: gradsight rules"}`);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
