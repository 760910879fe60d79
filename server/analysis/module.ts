import { AskedVersions } from "./asked-versions.ts";
import { Walks } from "./facts/events/walks.ts";
import { type Contains, containing, type Facts, gatherFacts, mayTrain } from "./facts/facts.ts";
import { ModuleNames } from "./facts/names/module-names.ts";
import type { Finding, TextEdit } from "./finding.ts";
import { otherClips } from "./fixes/choose-kind.ts";
import { combineFixes } from "./fixes/fix-all.ts";
import { thresholdEdit } from "./fixes/threshold-edit.ts";
import { FRAMEWORKS } from "./frameworks/index.ts";
import { hoverAt } from "./hover.ts";
import { ModuleImporter, starred } from "./importer.ts";
import type { LineName, LintOptions, Module, ThresholdEdit, ThresholdRequest } from "./index.ts";
import { Mentions } from "./mentions.ts";
import type { ObservedRun } from "./observed-run.ts";
import { runRules } from "./run-rules.ts";
import { Document, type Grammar } from "./syntax/document.ts";
import type { Origin } from "./workspace.ts";

/** How often facts are gathered before it is forgotten which imports were asked for: those that are typed are many. */
const MOST_GATHERED = 300;

/** An open text with what is known of it, worked out when it is first asked for after an edit. */
export class OpenModule implements Module {
  readonly #document: Document;
  readonly #grammar: Grammar;
  readonly #origin: Origin | null;
  readonly #lineName: LineName | undefined;
  readonly #names = new ModuleNames();
  readonly #mentions = new Mentions();
  readonly #walks = new Walks();
  #importer: ModuleImporter | null = null;
  #versions: AskedVersions | null = null;
  #facts: Facts | null | undefined;
  #gathered = 0;
  #observed: readonly ObservedRun[] = [];

  constructor(grammar: Grammar, text: string, origin: Origin | null = null, lineName?: LineName) {
    this.#lineName = lineName;
    this.#document = new Document(grammar, text);
    this.#grammar = grammar;
    this.#origin = origin;
  }

  get text(): string {
    return this.#document.text;
  }

  edit(changes: readonly TextEdit[]): void {
    for (const change of changes) {
      this.#mentions.edit(this.text, change);
      this.#document.edit(change);
    }
    this.#facts = undefined;
  }

  observe(runs: readonly ObservedRun[]): void {
    if (runs === this.#observed) return;
    this.#observed = runs;
    if (this.#facts) this.#facts = { ...this.#facts, observed: runs };
  }

  lint(options: LintOptions = {}): readonly Finding[] {
    const facts = this.#known();
    return facts ? runRules(facts, options, () => !this.#document.hasErrors) : [];
  }

  fixAll(applicability: "safe" | "unsafe", options?: LintOptions) {
    return combineFixes(this.lint(options), applicability);
  }

  thresholdEdit(request: ThresholdRequest): ThresholdEdit {
    // A script may do no more than call a module that trains, and pass the number.
    const { within } = request;
    const facts = within ? this.#gather(containing(`${this.text}\n${within.text}`)) : this.#known();
    return facts ? thresholdEdit(facts, request) : { refused: "This file has no update that could be clipped." };
  }

  otherClips(line: number) {
    const facts = this.#known();
    return facts ? otherClips(facts, line) : [];
  }

  hover(offset: number) {
    const facts = this.#known();
    return facts ? hoverAt(facts, offset) : null;
  }

  dispose(): void {
    this.#document.dispose();
    this.#facts = undefined;
  }

  get isCurrent(): boolean {
    return this.#facts !== undefined && this.#importer?.isCurrent() !== false && this.#versions?.isCurrent() !== false;
  }

  /** Null for a file that has nothing to do with training: it isn't even parsed. */
  #known(): Facts | null {
    if (this.#facts !== undefined && this.isCurrent) return this.#facts;
    const { text } = this.#document;
    this.#facts = null;
    const contains: Contains = (sought) =>
      typeof sought === "string" ? this.#mentions.has(sought, text) : sought.test(text);
    if (mayTrain(contains, FRAMEWORKS)) this.#facts = this.#gather(contains, this.#walks);
    else if (contains("import *")) this.#facts = this.#gatherByStars(contains);
    else this.#forgetAround();
    return this.#facts;
  }

  /** `from layers import *` may bring in the library, which the text then needn't mention. */
  #gatherByStars(contains: Contains): Facts | null {
    this.#findImporter();
    const texts = this.#importer ? starred(this.text, this.#importer) : [];
    const around: Contains = (sought) => contains(sought) || texts.some((text) => containing(text)(sought));
    return mayTrain(contains, FRAMEWORKS, around) ? this.#gather(around) : null;
  }

  #forgetAround(): void {
    this.#importer = null;
    this.#versions = null;
  }

  #findImporter(): void {
    if (this.#importer?.isCurrent() !== true || this.#gathered % MOST_GATHERED === 0)
      this.#importer = this.#origin && new ModuleImporter(this.#origin, this.#grammar);
  }

  #gather(contains: Contains, walks?: Walks): Facts {
    this.#gathered += 1;
    this.#findImporter();
    if (this.#versions?.isCurrent() !== true)
      this.#versions = this.#origin?.versions ? new AskedVersions(this.#origin.versions) : null;
    const statements = this.#document.statements();
    return gatherFacts(this.text, statements, this.#names.of(statements), FRAMEWORKS, {
      contains,
      importer: this.#importer,
      versions: this.#versions ?? undefined,
      lineName: this.#lineName,
      observed: this.#observed,
      ...(walks && { walks }),
    });
  }
}
