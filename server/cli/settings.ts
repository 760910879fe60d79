import { dirname, resolve } from "node:path";
import type { LintOptions, RuleInfo } from "../analysis/index.ts";
import { type Configuration, ConfigurationError } from "../configuration/configuration.ts";
import { FileRules } from "../configuration/file-rules.ts";
import { ProjectConfigurations } from "../configuration/project-configurations.ts";
import { readConfiguration } from "../configuration/read.ts";
import { readTextFile, readTextIfPresent } from "../files/text-file.ts";
import type { DiscoveryOptions } from "./discover.ts";
import type { LintArguments } from "./lint-options.ts";

type Options = Pick<LintArguments, "config" | "isolated" | "forceExclude" | "override">;

/** What applies to each file: its configuration, and the command line's options before it. */
export class Settings implements DiscoveryOptions {
  readonly #options: Options;
  readonly #rules: readonly string[];
  readonly #projects: ProjectConfigurations;
  #only: Promise<Configuration> | null = null;
  readonly #byConfiguration = new Map<Configuration | null, FileRules>();

  constructor(options: Options, rules: readonly RuleInfo[]) {
    this.#options = options;
    this.#rules = rules.map(({ name }) => name);
    this.#projects = new ProjectConfigurations(this.#rules, readTextIfPresent);
  }

  get forceExclude(): boolean {
    return this.#options.forceExclude;
  }

  /** Rejects with a ConfigurationError. */
  async configurationIn(folder: string): Promise<Configuration | null> {
    const { isolated, config } = this.#options;
    if (isolated) return null;
    if (config === null) return this.#projects.in(folder);
    this.#only ??= readOnly(config, this.#rules);
    return this.#only;
  }

  async of(file: string): Promise<LintOptions> {
    const configuration = await this.configurationIn(dirname(file));
    let rules = this.#byConfiguration.get(configuration);
    if (!rules) {
      rules = new FileRules(configuration, this.#options.override, this.#rules);
      this.#byConfiguration.set(configuration, rules);
    }
    return rules.for(file);
  }
}

/** `--config FILE`: its patterns are relative to the current folder, as those on a command line are. */
async function readOnly(path: string, rules: readonly string[]): Promise<Configuration> {
  const text = await readTextFile(path).catch((error: Error) => {
    throw new ConfigurationError(`--config ${path}`, null, error.message);
  });
  const configuration = readConfiguration(text, resolve(path), rules);
  if (!configuration) throw new ConfigurationError(`--config ${path}`, null, "has no [tool.gradsight] table");
  return { ...configuration, folder: process.cwd() };
}
