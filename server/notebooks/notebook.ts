/** A notebook as the analyser sees it: one module made of its code cells, of which each can be replaced. */
import { combineFixes } from "../analysis/fixes/fix-all.ts";
import type {
  Applicability,
  Finding,
  LineName,
  LintOptions,
  Module,
  ObservedRun,
  TextEdit,
  ThresholdEdit,
  ThresholdRequest,
} from "../analysis/index.ts";
import { applyEdits } from "../text/edits.ts";
import { Cells } from "./cells.ts";

export class Notebook implements Omit<Module, "edit"> {
  readonly cells: Cells;
  readonly #module: Module;

  constructor(sources: readonly string[], open: (text: string, lineName: LineName) => Module) {
    this.cells = new Cells(sources);
    this.#module = open(this.cells.text, (line) => this.cells.lineName(line));
  }

  get text(): string {
    return this.#module.text;
  }

  get isCurrent(): boolean {
    return this.#module.isCurrent;
  }

  replace(index: number, count: number, sources: readonly string[]): void {
    this.#module.edit([this.cells.replace(index, count, sources)]);
  }

  /** A fix in two cells works only once both have run again, and nobody would know: it isn't offered. */
  lint(options?: LintOptions): readonly Finding[] {
    return this.#module.lint(options).map((finding) => {
      const edits = finding.fix && this.#inOneCell(finding.fix.edits);
      return { ...finding, fix: finding.fix && edits && { ...finding.fix, edits } };
    });
  }

  observe(runs: readonly ObservedRun[]): void {
    this.#module.observe(runs);
  }

  fixAll(applicability: Applicability, options?: LintOptions) {
    return combineFixes(this.lint(options), applicability);
  }

  /** What the cells that `edits` change read afterwards, by their indexes. */
  edited(edits: readonly TextEdit[]): ReadonlyMap<number, string> {
    const byCell = new Map<number, TextEdit[]>();
    for (const edit of edits) {
      const own = this.cells.edit(edit);
      if (own) byCell.set(own.cell, [...(byCell.get(own.cell) ?? []), own.edit]);
    }
    return new Map([...byCell].map(([cell, own]) => [cell, applyEdits(this.cells.source(cell), own)]));
  }

  thresholdEdit(request: ThresholdRequest): ThresholdEdit {
    const result = this.#module.thresholdEdit(request);
    if ("refused" in result) return result;
    const edits = this.#inOneCell(result.edits);
    if (edits) return { ...result, edits };
    return { refused: "This would change several cells at once. Change the threshold by hand." };
  }

  otherClips(line: number) {
    return this.#module.otherClips(line).flatMap(({ title, edits }) => {
      const inOne = this.#inOneCell(edits);
      return inOne ? [{ title, edits: inOne }] : [];
    });
  }

  hover(offset: number) {
    return this.#module.hover(offset);
  }

  dispose(): void {
    this.#module.dispose();
  }

  /** The edits as they fit into their cell; null where it isn't one. */
  #inOneCell(edits: readonly TextEdit[]): TextEdit[] | null {
    const own = edits.flatMap((edit) => this.cells.edit(edit) ?? []);
    const cell = own[0]?.cell;
    if (cell === undefined || own.length < edits.length || own.some((other) => other.cell !== cell)) return null;
    const by = this.cells.start(cell);
    return own.map(({ edit: { range, newText } }) => ({
      range: { start: range.start + by, end: range.end + by },
      newText,
    }));
  }
}
