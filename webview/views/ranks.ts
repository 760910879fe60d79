/** The processes of a distributed run: how each stands, what it alone knows, and which one's charts are shown. */
import "./ranks.css";
import type { RankDetail, RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount, formatJson } from "../format.ts";
import { t } from "../l10n.ts";
import { createIcon, setIcon } from "./icon.ts";
import { statusName } from "./status.ts";

const TEXT = {
  title: t("Ranks"),
  rank: t("Rank"),
  state: t("State"),
  step: t("Step"),
  loss: t("Loss"),
  share: t("Share of the norm"),
  show: (rank: number) => t("Show the charts of rank {0}", rank),
  all: t("All ranks"),
  allHint: t("Show what is the same on all ranks"),
  global: (ranks: number) =>
    t(
      "The charts show what is the same on all {0} ranks; the loss is that of rank 0. Choose a rank to see its own.",
      ranks,
    ),
  spread: (ranks: number) =>
    t(
      "The gradients are spread over the {0} ranks. The norm is put together from their shares; the loss is that of rank 0. Choose a rank to see its own.",
      ranks,
    ),
  one: (rank: number) => t("The charts show what rank {0} told.", rank),
  gone: t("Lost"),
  unheard: t("Not heard from"),
  lost: (rank: number, step: string) =>
    t(
      "Rank {0} was lost at step {1}: its process ended without a word, or hangs. If it was killed, most often because memory ran out, the launcher's output and the system's log (dmesg) say so.",
      rank,
      step,
    ),
  waiting: t("The other ranks wait for it in vain: stop the run, and start it again from its last checkpoint."),
  failed: (rank: number, step: string, error: string) =>
    t("Rank {0} failed first, at step {1}: {2}", rank, step, error),
};

export class RanksView {
  readonly element: HTMLElement;
  readonly #all: HTMLButtonElement;
  readonly #note = element("p", { class: "aside-label" });
  readonly #trouble = element("p", { class: "trouble", role: "alert" });
  readonly #share = element("th", { scope: "col" }, TEXT.share);
  readonly #rows = element("tbody");
  readonly #choose: (rank: number | null) => void;

  constructor(choose: (rank: number | null) => void) {
    this.#choose = choose;
    this.#all = element("button", { type: "button", class: "quiet", title: TEXT.allHint }, TEXT.all);
    this.#all.addEventListener("click", () => choose(null));
    const titles = [TEXT.rank, TEXT.state, TEXT.step, TEXT.loss].map((title) => element("th", { scope: "col" }, title));
    this.element = element(
      "section",
      { class: "panel ranks", "aria-labelledby": "ranks-title" },
      element("header", {}, element("h2", { id: "ranks-title" }, TEXT.title), this.#all),
      this.#trouble,
      this.#note,
      element(
        "div",
        { class: "scroll", role: "region", tabindex: 0, "aria-labelledby": "ranks-title" },
        element("table", {}, element("thead", {}, element("tr", {}, ...titles, this.#share)), this.#rows),
      ),
    );
  }

  /** `chosen`: whose charts are shown; null: what is the same on all. `series`: the one on screen. */
  show(run: RunDetail, series: SeriesDetail, chosen: number | null): void {
    const { worldSize, ranks } = run;
    setHidden(this.element, worldSize < 2);
    if (worldSize < 2) return;
    const own = new Map(run.series.filter(({ name }) => name === series.name).map((one) => [one.rank, one]));
    const isSpread = [...own.values()].some(({ latest }) => latest.shard_pre !== undefined);
    const trouble = troubleOf(run);
    setHidden(this.#trouble, trouble === null);
    setText(this.#trouble, trouble ?? "");
    const all = isSpread ? TEXT.spread(worldSize) : TEXT.global(worldSize);
    setText(this.#note, chosen === null ? all : TEXT.one(chosen));
    setAttribute(this.#all, "aria-pressed", String(chosen === null));
    setHidden(this.#share, !isSpread);
    const heard = new Map(ranks.map((one) => [one.rank, one]));
    patchList(
      this.#rows,
      Array.from({ length: worldSize }, (_, rank) => rank),
      () => this.#createRow(),
      (row, rank) => fillRow(row, rank, heard.get(rank), own.get(rank), isSpread, rank === chosen),
    );
  }

  #createRow(): HTMLTableRowElement {
    const button = element("button", { type: "button", class: "quiet" });
    const state = element("td", { class: "state" }, createIcon("running"), element("span"));
    const numbers = [0, 1, 2].map(() => element("td"));
    const row = element("tr", {}, element("th", { scope: "row" }, button), state, ...numbers);
    button.addEventListener("click", () => this.#choose(Number(row.dataset.rank)));
    return row;
  }
}

function fillRow(
  row: HTMLTableRowElement,
  rank: number,
  heard: RankDetail | undefined,
  series: SeriesDetail | undefined,
  isSpread: boolean,
  isChosen: boolean,
): void {
  const [head, state, step, loss, share] = row.children as unknown as HTMLElement[];
  const button = head!.firstElementChild as HTMLButtonElement;
  setAttribute(row, "data-rank", rank);
  setText(button, String(rank));
  setAttribute(button, "aria-label", TEXT.show(rank));
  setAttribute(button, "aria-pressed", String(isChosen));
  setAttribute(button, "disabled", series === undefined);
  setIcon(state!.firstElementChild as SVGSVGElement, heard?.status ?? "lost");
  setAttribute(state!, "data-status", heard?.status ?? null);
  setText(state!.lastElementChild!, heard ? stateOf(heard) : TEXT.unheard);
  setText(step!, heard ? stepOf(heard) : "–");
  setText(loss!, formatJson(series?.latest.loss));
  setText(share!, formatJson(series?.latest.shard_pre));
  setHidden(share!, !isSpread);
}

/** What to do about a rank that the others can't go on without; null where there is none. */
export function troubleOf({ ranks, worldSize }: RunDetail): string | null {
  if (worldSize < 2) return null;
  const lost = ranks.find(({ status }) => status === "lost");
  if (lost) {
    const words = TEXT.lost(lost.rank, stepOf(lost));
    return ranks.some(({ status }) => status === "running") ? `${words} ${TEXT.waiting}` : words;
  }
  const failed = ranks.filter(({ status, error }) => status === "failed" && error !== null);
  const [first] = failed.sort((a, b) => a.lastSeen - b.lastSeen);
  return first ? TEXT.failed(first.rank, stepOf(first), first.error!.trimEnd().split("\n").pop()!) : null;
}

const stateOf = ({ status }: RankDetail): string => (status === "lost" ? TEXT.gone : statusName(status));
const stepOf = ({ lastStep }: RankDetail): string => (lastStep < 0 ? "–" : formatCount(lastStep));
