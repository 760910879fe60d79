/** What the flight recorder tells of a run that went wrong, in the words of `python -m gradsight why`. */
import "./story.css";
import type { Story } from "../../protocol/telemetry.ts";
import type { RunDetail } from "../../protocol/viewer.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount } from "../format.ts";
import { t } from "../l10n.ts";
import { createIcon } from "./icon.ts";

const TEXT = {
  title: t("Why it went wrong"),
  ended: t("How it ended"),
  steps: t("Show the last steps"),
  step: (n: number) => t("step {0}", formatCount(n)),
  stepHint: t("Show the steps around this one"),
};

type Section = Story["sections"][number];

export class StoryView {
  readonly element: HTMLElement;
  readonly #title = element("h2", { id: "story-title" });
  readonly #step = element("button", { type: "button", class: "link", title: TEXT.stepHint });
  readonly #sections = element("div", { class: "sections" });
  readonly #tables = element("div", { class: "sections" });
  readonly #details = element("details", {}, element("summary", {}, TEXT.steps), this.#tables);
  #incident: Story["incident"] = null;
  #shown: string | null = null;

  /** `showStep`: of the series that went bad. */
  constructor(showStep: (series: string, step: number) => void) {
    this.#step.addEventListener("click", () => this.#incident && showStep(this.#incident.series, this.#incident.step));
    this.element = element(
      "section",
      { class: "panel story", "aria-labelledby": "story-title" },
      element("header", {}, createIcon("failed"), this.#title, this.#step),
      this.#sections,
      this.#details,
    );
  }

  show(run: RunDetail | null): void {
    const story = run?.story ?? null;
    setHidden(this.element, story === null);
    const text = JSON.stringify(story);
    if (!story || text === this.#shown) return;
    this.#shown = text;
    this.#incident = story.incident;
    setText(this.#title, story.incident ? TEXT.title : TEXT.ended);
    setHidden(this.#step, !story.incident || !run?.series.some(({ id }) => id === story.incident?.series));
    setText(this.#step, story.incident ? TEXT.step(story.incident.step) : "");
    // Where no gradient went bad, numbers of ordinary steps would stand before all charts.
    const isAside = ({ table }: Section) => story.incident === null && table.length > 0;
    const shown = story.sections.filter((section) => !isAside(section));
    const aside = story.sections.filter(isAside);
    patchList(this.#sections, shown, createSection, fillSection);
    patchList(this.#tables, aside, createSection, fillSection);
    setHidden(this.#details, aside.length === 0);
    this.#details.open = false;
  }
}

/** A table may be wider than the page: then it scrolls, and can be got at with the keyboard. */
const createSection = (): HTMLElement =>
  element(
    "div",
    { class: "section" },
    element("h3"),
    element("ul"),
    element(
      "div",
      { class: "scroll", role: "region", tabindex: 0 },
      element("table", {}, element("thead", {}, element("tr")), element("tbody")),
    ),
  );

function fillSection(section: HTMLElement, { title, lines, table }: Section): void {
  const [heading, list, scroll] = section.children as unknown as HTMLElement[];
  setText(heading!, title);
  setHidden(list!, lines.length === 0);
  patchList(list!, lines, () => element("li"), setText);
  setHidden(scroll!, table.length === 0);
  setAttribute(scroll!, "aria-label", title);
  const { tHead, tBodies } = scroll!.firstElementChild as HTMLTableElement;
  const [headings = [], ...rows] = table;
  patchList(tHead!.rows[0]!, headings, () => element("th", { scope: "col" }), setText);
  patchList(tBodies[0]!, rows, () => element("tr", {}, element("th", { scope: "row" })), fillRow);
}

function fillRow(row: HTMLTableRowElement, [name = "", ...cells]: readonly string[]): void {
  setText(row.cells[0]!, name);
  while (row.cells.length > cells.length + 1) row.lastElementChild!.remove();
  for (const [i, cell] of cells.entries()) setText(row.cells[i + 1] ?? row.insertCell(), cell);
}
