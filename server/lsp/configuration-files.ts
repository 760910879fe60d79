import { dirname } from "node:path";
import { type Connection, MessageType, ShowMessageNotification } from "vscode-languageserver";
import { type Configuration, ConfigurationError } from "../configuration/configuration.ts";
import { ProjectConfigurations } from "../configuration/project-configurations.ts";
import type { Host } from "./host.ts";

/** The `pyproject.toml` of each document. One that can't be used is told to the user, and is as good as none. */
export class ConfigurationFiles {
  /** The names of all rules. */
  readonly rules: readonly string[];
  readonly #connection: Connection;
  readonly #host: Host;
  readonly #projects: ProjectConfigurations;
  readonly #told = new Set<string>();

  constructor(connection: Connection, host: Host, rules: readonly string[]) {
    this.#connection = connection;
    this.#host = host;
    this.rules = rules;
    this.#projects = new ProjectConfigurations(rules, (path) => host.readTextIfPresent(path));
  }

  /** `path` is null for a document that is no file, which has no configuration either. */
  async of(uri: string): Promise<{ readonly path: string | null; readonly configuration: Configuration | null }> {
    const path = this.#host.pathOf(uri);
    if (path === null) return { path, configuration: null };
    try {
      return { path, configuration: await this.#projects.in(dirname(path)) };
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.#tell(error.message);
      return { path, configuration: null };
    }
  }

  forget(): void {
    this.#projects.forget();
    this.#told.clear();
  }

  /** Once until a configuration file changes: every document of the folder meets the same mistake. */
  #tell(problem: string): void {
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    void this.#connection.sendNotification(ShowMessageNotification.type, {
      type: MessageType.Error,
      message: `Gradsight lints with its defaults. ${problem}`,
    });
  }
}
