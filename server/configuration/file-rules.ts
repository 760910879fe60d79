import type { LintOptions } from "../analysis/index.ts";
import type { Configuration, Level } from "./configuration.ts";
import { Patterns } from "./patterns.ts";

/** What goes before the configuration file: the command line's options, or the editor's settings. */
export interface Override {
  /** Only these, whatever the file selects or ignores; null: as the file says. */
  readonly select?: ReadonlySet<string> | null;
  readonly ignore?: ReadonlySet<string>;
  /** By rule, and last of all. */
  readonly severity?: Readonly<Record<string, Level>>;
}

/** Which rules apply to a file, and how severe they are there. */
export class FileRules {
  readonly #everywhere: LintOptions;
  readonly #override: Override;
  readonly #perFile: readonly { matches(path: string): boolean; readonly rules: readonly string[] }[];

  constructor(configuration: Configuration | null, override: Override, rules: readonly string[]) {
    this.#override = override;
    const { select = null, ignore, severity } = override;
    const selected = select ?? (configuration?.select ? new Set(configuration.select) : null);
    const ignored = new Set([...(select ? [] : (configuration?.ignore ?? [])), ...(ignore ?? [])]);
    const off = rules.filter((rule) => ignored.has(rule) || (selected && !selected.has(rule)));
    const own = Object.entries(configuration?.severity ?? {}).filter(
      ([rule, level]) => level !== "off" || !select?.has(rule),
    );
    this.#everywhere = {
      severity: { ...Object.fromEntries(own), ...silence(off), ...severity },
      ...(selected && { selected }),
    };
    this.#perFile = (configuration?.perFileIgnores ?? []).map(({ pattern, rules }) => {
      const negated = pattern.startsWith("!");
      const patterns = new Patterns(configuration!.folder, [negated ? pattern.slice(1) : pattern]);
      return { rules, matches: (path) => (patterns.matches(path, false) === true) !== negated };
    });
  }

  /** The same object for all files to which no pattern applies. */
  for(path: string): LintOptions {
    const off = this.#perFile.filter(({ matches }) => matches(path)).flatMap(({ rules }) => rules);
    if (off.length === 0) return this.#everywhere;
    return {
      ...this.#everywhere,
      severity: { ...this.#everywhere.severity, ...silence(off), ...this.#override.severity },
    };
  }
}

const silence = (rules: readonly string[]): Record<string, Level> =>
  Object.fromEntries(rules.map((rule) => [rule, "off"]));
