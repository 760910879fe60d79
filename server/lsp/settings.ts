import { dirname } from "node:path";
import type { Connection } from "vscode-languageserver";
import type { LintOptions } from "../analysis/index.ts";
import type { Level } from "../configuration/configuration.ts";
import { exclusionOf } from "../configuration/exclusion.ts";
import { FileRules } from "../configuration/file-rules.ts";
import type { Client } from "./client.ts";
import type { ConfigurationFiles } from "./configuration-files.ts";
import { guarded } from "./guard.ts";

/** What applies to one document: its `pyproject.toml`, and before that the client's `gradsight.lint.*`. */
export interface Settings {
  readonly enable: boolean;
  readonly lint: LintOptions;
}

/** What the client says. */
interface ClientSettings {
  readonly enable: boolean;
  readonly severity: Readonly<Record<string, Level>>;
  readonly interpreter: string | null;
}

export const SECTION = "gradsight";
const LEVELS: readonly unknown[] = ["error", "warning", "information", "hint", "off"] satisfies Level[];

/** Settings by document, asked for once and again after each change of configuration. */
export class SettingsStore {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #files: ConfigurationFiles;
  readonly #selected: (path: string, interpreter: string | null) => void;
  readonly #known = new Map<string, Promise<Settings>>();
  /** For clients that can't be asked: what they sent with `workspace/didChangeConfiguration`. */
  #pushed: ClientSettings;

  /** `selected` is told the interpreter of each file. */
  constructor(
    connection: Connection,
    client: Client,
    files: ConfigurationFiles,
    selected: (path: string, interpreter: string | null) => void,
  ) {
    this.#selected = selected;
    this.#connection = connection;
    this.#client = client;
    this.#files = files;
    this.#pushed = this.#read(undefined);
  }

  of(uri: string): Promise<Settings> {
    let settings = this.#known.get(uri);
    if (!settings) {
      settings = this.#settle(uri);
      this.#known.set(uri, settings);
    }
    return settings;
  }

  forget(uri: string): void {
    this.#known.delete(uri);
  }

  /** After a configuration file changed. */
  forgetFiles(): void {
    this.#files.forget();
    this.#known.clear();
  }

  /** `workspace/didChangeConfiguration`; `changed` is called once new settings are in force. */
  register(changed: () => void): void {
    this.#connection.onDidChangeConfiguration(
      guarded(this.#connection, "Following the configuration", undefined, ({ settings }) => {
        this.#known.clear();
        this.#pushed = this.#read((settings as Record<string, unknown> | null)?.[SECTION]);
        changed();
      }),
    );
  }

  async #settle(uri: string): Promise<Settings> {
    const [{ enable, severity, interpreter }, { path, configuration }] = await Promise.all([
      this.#client.configuration ? this.#ask(uri) : this.#pushed,
      this.#files.of(uri),
    ]);
    if (path === null) return { enable, lint: { severity } };
    this.#selected(path, interpreter);
    const excluded = configuration !== null && exclusionOf(configuration, dirname(path)).matches(path, false) === true;
    const rules = new FileRules(configuration, { severity }, this.#files.rules);
    return { enable: enable && !excluded, lint: rules.for(path) };
  }

  async #ask(uri: string): Promise<ClientSettings> {
    try {
      return this.#read(await this.#connection.workspace.getConfiguration({ scopeUri: uri, section: SECTION }));
    } catch (error) {
      this.#connection.console.warn(`The client gave no settings for ${uri}: ${(error as Error).message}`);
      return this.#read(undefined);
    }
  }

  #read(section: unknown): ClientSettings {
    const lint = member(member({ section }, "section"), "lint");
    const severity: Record<string, Level> = {};
    for (const [rule, value] of Object.entries(member(lint, "severity"))) {
      if (LEVELS.includes(value)) severity[rule] = value as Level;
      else this.#connection.console.warn(`gradsight.lint.severity: ${rule}: ${JSON.stringify(value)} is no severity.`);
    }
    const { interpreter } = member(member({ section }, "section"), "python");
    const chosen = typeof interpreter === "string" && interpreter.trim() !== "" ? interpreter.trim() : null;
    return { enable: lint.enable !== false, severity, interpreter: chosen };
  }
}

function member(value: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = value[name];
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}
