/** From the text of a `pyproject.toml` to a {@link Configuration}. */
import { dirname } from "node:path";
import { parse, TomlDate, TomlError } from "smol-toml";
import { type Configuration, ConfigurationError, type Level } from "./configuration.ts";
import { unknown } from "./names.ts";
import { lineOf } from "./toml-lines.ts";

const LEVELS: readonly string[] = ["error", "warning", "information", "hint", "off"] satisfies Level[];
const KEYS = ["select", "ignore", "severity", "per-file-ignores", "exclude"];
const TABLE = ["tool", "gradsight"];

/**
 * null: it has no `[tool.gradsight]` table.
 * @throws {ConfigurationError} for what is no TOML, and for keys, values and rules that there are not
 */
export function readConfiguration(text: string, file: string, rules: readonly string[]): Configuration | null {
  // Most projects configure other tools only, and what is wrong there is not ours to tell.
  if (!text.includes("gradsight")) return null;
  const table = member(member(parsed(text, file), "tool"), "gradsight");
  if (table === undefined) return null;

  const refuse = (problem: string, keys: readonly string[], entry?: string): never => {
    throw new ConfigurationError(file, lineOf(text, [...TABLE, ...keys], entry), problem);
  };
  const entries = (value: unknown, keys: readonly string[], what: string): [string, unknown][] =>
    isTable(value) ? Object.entries(value) : refuse(`${naming(keys)} must be a table of ${what}`, keys);
  const strings = (value: unknown, keys: readonly string[], what: string): string[] => {
    if (!Array.isArray(value)) return refuse(`${naming(keys)} must be a list of ${what}`, keys);
    const wrong = value.findIndex((entry) => typeof entry !== "string");
    if (wrong >= 0) return refuse(`${naming(keys)}[${wrong}] must be one of a list of ${what}`, keys);
    return value;
  };
  const rule = (name: string, keys: readonly string[], entry?: string): string => {
    if (rules.includes(name)) return name;
    const problem = unknown("rule", name, rules, "`gradsight rules` lists them");
    return refuse(`${naming(entry === undefined ? keys.slice(0, -1) : keys)}: ${problem}`, keys, entry);
  };
  const ruleList = (value: unknown, keys: readonly string[]) =>
    strings(value, keys, "rule names").map((name) => rule(name, keys, name));
  const level = (value: unknown, keys: readonly string[]): Level =>
    LEVELS.includes(value as string)
      ? (value as Level)
      : refuse(`${naming(keys)}: ${JSON.stringify(value)} is none of ${LEVELS.join(", ")}`, keys);

  for (const [key] of entries(table, [], KEYS.join(", ")))
    if (key === "extend-exclude")
      refuse("there is no key extend-exclude: exclude adds to what is excluded anyway", [key]);
    else if (!KEYS.includes(key)) refuse(unknown("key", key, KEYS, `there are ${KEYS.join(", ")}`), [key]);

  const { select, ignore = [], severity = {}, "per-file-ignores": perFileIgnores = {}, exclude = [] } = table as Table;
  return {
    file,
    folder: dirname(file),
    select: select === undefined ? null : ruleList(select, ["select"]),
    ignore: ruleList(ignore, ["ignore"]),
    severity: Object.fromEntries(
      entries(severity, ["severity"], "severities by rule").map(([name, value]) => [
        rule(name, ["severity", name]),
        level(value, ["severity", name]),
      ]),
    ),
    perFileIgnores: entries(perFileIgnores, ["per-file-ignores"], "rule names by pattern").map(([pattern, value]) => ({
      pattern,
      rules: ruleList(value, ["per-file-ignores", pattern]),
    })),
    exclude: strings(exclude, ["exclude"], "patterns"),
  };
}

type Table = Readonly<Record<string, unknown>>;

const naming = (keys: readonly string[]) => (keys.length > 0 ? keys.join(".") : "tool.gradsight");

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);

const member = (value: unknown, name: string): unknown => (isTable(value) ? value[name] : undefined);

function parsed(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [problem] = error.message.split("\n");
    throw new ConfigurationError(file, error.line, problem!.replace("Invalid TOML document", "not valid TOML"));
  }
}
