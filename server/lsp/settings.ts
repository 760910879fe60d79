import { type Connection, DidChangeConfigurationNotification } from "vscode-languageserver";
import type { LintOptions, Severity } from "../analysis/index.ts";
import type { Client } from "./client.ts";
import { guarded } from "./guard.ts";

/** The settings of one document: `gradsight.lint.*`. */
export interface Settings {
  readonly enable: boolean;
  readonly lint: LintOptions;
}

const SECTION = "gradsight";
const SEVERITIES: readonly unknown[] = ["error", "warning", "information", "hint", "off"] satisfies (
  | Severity
  | "off"
)[];

/** Settings by document, asked for once and again after each change of configuration. */
export class SettingsStore {
  readonly #connection: Connection;
  readonly #client: Client;
  readonly #known = new Map<string, Promise<Settings>>();
  /** For clients that can't be asked: what they sent with `workspace/didChangeConfiguration`. */
  #pushed: Settings;

  constructor(connection: Connection, client: Client) {
    this.#connection = connection;
    this.#client = client;
    this.#pushed = this.#read(undefined);
  }

  of(uri: string): Promise<Settings> {
    if (!this.#client.configuration) return Promise.resolve(this.#pushed);
    let settings = this.#known.get(uri);
    if (!settings) {
      settings = this.#ask(uri);
      this.#known.set(uri, settings);
    }
    return settings;
  }

  forget(uri: string): void {
    this.#known.delete(uri);
  }

  /** `workspace/didChangeConfiguration`; `changed` is called once new settings are in force. */
  register(changed: () => void): void {
    if (this.#client.registersConfiguration)
      this.#connection.onInitialized(
        guarded(this.#connection, "Following the configuration", undefined, async () => {
          await this.#connection.client.register(DidChangeConfigurationNotification.type, { section: SECTION });
        }),
      );
    this.#connection.onDidChangeConfiguration(
      guarded(this.#connection, "Following the configuration", undefined, ({ settings }) => {
        this.#known.clear();
        this.#pushed = this.#read((settings as Record<string, unknown> | null)?.[SECTION]);
        changed();
      }),
    );
  }

  async #ask(uri: string): Promise<Settings> {
    try {
      return this.#read(await this.#connection.workspace.getConfiguration({ scopeUri: uri, section: SECTION }));
    } catch (error) {
      this.#connection.console.warn(`The client gave no settings for ${uri}: ${(error as Error).message}`);
      return this.#read(undefined);
    }
  }

  #read(section: unknown): Settings {
    const lint = member(member({ section }, "section"), "lint");
    const severity: Record<string, Severity | "off"> = {};
    for (const [rule, value] of Object.entries(member(lint, "severity"))) {
      if (SEVERITIES.includes(value)) severity[rule] = value as Severity | "off";
      else this.#connection.console.warn(`gradsight.lint.severity: ${rule}: ${JSON.stringify(value)} is no severity.`);
    }
    return { enable: lint.enable !== false, lint: { severity } };
  }
}

function member(value: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = value[name];
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}
