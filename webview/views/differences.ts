/** In what runs differ, a column a run: how they were set up, and what came of it. */
import "./differences.css";
import { OVERLAY_COLORS } from "../charts/palette.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount } from "../format.ts";
import { log, reasonOf } from "../host.ts";
import { t } from "../l10n.ts";
import { type AspectRow, type Cell, type Compared, compareRuns } from "./aspects.ts";

const TEXT = {
  title: t("Differences"),
  what: t("What"),
  none: t("Nothing of what was recorded differs."),
  noSeries: (name: string) => t("{0} has recorded no steps.", name),
  against: (name: string) => t("Factors and signs are against {0}.", name),
  same: (n: number) => t("Show what is the same ({0})", formatCount(n)),
  copy: t("Copy as text"),
  copied: t("Copied"),
  failed: (reason: string) => t("Not copied: {0}", reason),
  stop: t("Stop comparing"),
  takeOff: (name: string) => t("Stop comparing with {0}", name),
};
const SAID_MS = 4000;

export interface NamedRun extends Compared {
  readonly name: string;
  /** null: the one on screen. */
  readonly place: number | null;
}

export class DifferencesView {
  readonly element: HTMLElement;
  readonly #head = element("tr");
  readonly #rows = element("tbody");
  readonly #note = element("p", { class: "aside-label" });
  readonly #frame: HTMLElement;
  readonly #same = element("button", { type: "button", class: "quiet", "aria-pressed": "false" });
  readonly #said = element("span", { role: "status" });
  readonly #takeOff: (run: string) => void;
  #runs: readonly NamedRun[] = [];
  #all: readonly AspectRow[] = [];

  /** `takeOff`: of one run; `stop`: of all. */
  constructor({ takeOff, stop }: { takeOff(run: string): void; stop(): void }) {
    this.#takeOff = takeOff;
    const button = (text: string, act: () => void) => {
      const made = element("button", { type: "button", class: "quiet" }, text);
      made.addEventListener("click", act);
      return made;
    };
    this.#same.addEventListener("click", () => {
      setAttribute(this.#same, "aria-pressed", String(!this.#showsSame));
      this.#fill();
    });
    this.#frame = element(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-labelledby": "differences-title" },
      element("table", {}, element("thead", {}, this.#head), this.#rows),
    );
    this.element = element(
      "section",
      { class: "panel differences", "aria-labelledby": "differences-title", hidden: true },
      element(
        "header",
        {},
        element("h2", { id: "differences-title" }, TEXT.title),
        element(
          "div",
          { class: "tools" },
          this.#said,
          this.#same,
          button(TEXT.copy, () => void this.#copy()),
          button(TEXT.stop, stop),
        ),
      ),
      this.#note,
      this.#frame,
    );
  }

  /** The first one is on screen, and the others are told against it; without others there is nothing to show. */
  show(runs: readonly NamedRun[]): void {
    setHidden(this.element, runs.length < 2);
    if (runs.length < 2) return;
    this.#runs = runs;
    this.#all = compareRuns(runs);
    this.#fill();
  }

  get #showsSame(): boolean {
    return this.#same.getAttribute("aria-pressed") === "true";
  }

  /** Those on screen. */
  get #shown(): readonly AspectRow[] {
    return this.#showsSame ? this.#all : this.#all.filter(({ differs }) => differs);
  }

  #fill(): void {
    const same = this.#all.filter(({ differs }) => !differs).length;
    setText(this.#same, TEXT.same(same));
    setHidden(this.#same, same === 0);
    patchList(
      this.#head,
      [null, ...this.#runs],
      () => (this.#head.children.length === 0 ? element("th", { scope: "col" }, TEXT.what) : this.#createHead()),
      (cell, run) => {
        if (run !== null) fillHead(cell, run);
      },
    );
    patchList(
      this.#rows,
      this.#shown,
      () => element("tr"),
      (row, { name, cells, differs }) => {
        setAttribute(row, "data-same", !differs);
        patchList(
          row,
          [name, ...cells],
          () => (row.children.length === 0 ? element("th", { scope: "row" }) : createCell()),
          fillCell,
        );
      },
    );
    setHidden(this.#frame, this.#shown.length === 0);
    const silent = this.#runs.find(({ series }) => series === null);
    const isAlike = same === this.#all.length;
    const first = this.#runs[0]!.name;
    setText(this.#note, silent ? TEXT.noSeries(silent.name) : isAlike ? TEXT.none : TEXT.against(first));
  }

  #createHead(): HTMLTableCellElement {
    const button = element("button", { type: "button", class: "quiet" }, "×");
    button.addEventListener("click", () => this.#takeOff(button.value));
    const swatch = element("span", { class: "swatch", "data-line": "other", "aria-hidden": "true" });
    return element("th", { scope: "col" }, element("div", {}, swatch, element("bdi"), button));
  }

  /** A table in Markdown, which notes and issues show as one. */
  get #text(): string {
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
    return [
      line([TEXT.what, ...this.#runs.map(({ name }) => name)]),
      line(["---", ...this.#runs.map(() => "---")]),
      ...this.#shown.map(({ name, cells }) => line([name, ...cells.map(textOf)])),
      "",
    ].join("\n");
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#text);
      this.#say(TEXT.copied);
    } catch (error) {
      log("warn", `the differences were not copied: ${reasonOf(error)}`);
      this.#say(TEXT.failed(reasonOf(error)));
    }
  }

  #say(text: string): void {
    setText(this.#said, text);
    setTimeout(() => setText(this.#said, ""), SAID_MS);
  }
}

const textOf = ({ text, change }: Cell): string => [text || "–", change && `(${change})`].filter(Boolean).join(" ");

const createCell = () => element("td", {}, element("span"), " ", element("span", { class: "change" }));

function fillCell(node: HTMLTableCellElement, cell: string | Cell): void {
  if (typeof cell === "string") {
    setText(node, cell);
    return;
  }
  const [text, change] = node.children as unknown as [HTMLElement, HTMLElement];
  setText(text, cell.text || "–");
  setText(change, cell.change);
}

function fillHead(head: Element, { name, place, run }: NamedRun): void {
  const [swatch, text, button] = head.firstElementChild!.children as unknown as [
    HTMLElement,
    HTMLElement,
    HTMLButtonElement,
  ];
  setHidden(swatch, place === null);
  setAttribute(swatch, "data-color", place === null ? null : OVERLAY_COLORS[place]!);
  setText(text, name);
  setHidden(button, place === null);
  button.value = run.summary.id;
  setAttribute(button, "aria-label", TEXT.takeOff(name));
  setAttribute(button, "title", TEXT.takeOff(name));
}
