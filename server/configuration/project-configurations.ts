import { dirname, join } from "node:path";
import { type Configuration, ConfigurationError } from "./configuration.ts";
import { readConfiguration } from "./read.ts";

/** The text of a file, or null where there is none. */
export type ReadIfPresent = (path: string) => Promise<string | null>;

/** The configuration of each folder: that of the nearest `pyproject.toml`, upwards, with our table. Read once. */
export class ProjectConfigurations {
  readonly #rules: readonly string[];
  readonly #read: ReadIfPresent;
  readonly #known = new Map<string, Promise<Configuration | null>>();

  constructor(rules: readonly string[], read: ReadIfPresent) {
    this.#rules = rules;
    this.#read = read;
  }

  /** Rejects with a ConfigurationError where that file can't be used. */
  in(folder: string): Promise<Configuration | null> {
    let configuration = this.#known.get(folder);
    if (!configuration) {
      configuration = this.#find(folder);
      this.#known.set(folder, configuration);
    }
    return configuration;
  }

  /** After a file changed. */
  forget(): void {
    this.#known.clear();
  }

  async #find(folder: string): Promise<Configuration | null> {
    const file = join(folder, "pyproject.toml");
    const text = await this.#read(file).catch((error: Error) => {
      throw new ConfigurationError(file, null, error.message);
    });
    const own = text === null ? null : readConfiguration(text, file, this.#rules);
    if (own) return own;
    const parent = dirname(folder);
    return parent === folder ? null : this.in(parent);
  }
}
