/** How the watched run stands, in a line; the error of a failed one opens below it. */
import "./status.css";
import type { RunDetail, RunSummary } from "../../protocol/viewer.ts";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { fileName, formatCount, formatDuration, shortHash } from "../format.ts";
import { t } from "../l10n.ts";
import { createIcon, setIcon } from "./icon.ts";

const TEXT = {
  running: t("Running"),
  wasRunning: t("Running when last heard from"),
  lost: t("No longer heard from; the steps up to here are kept"),
  finished: t("Finished"),
  failed: t("Failed"),
  interrupted: t("Interrupted; the steps up to here are kept"),
  isImported: t("Imported"),
  imported: (file: string) => t("Imported from {0}", file),
  exitCode: (code: number) => t("exit code {0}", code),
  steps: (n: number) => (n === 1 ? t("{0} step", formatCount(n)) : t("{0} steps", formatCount(n))),
  lostRank: (rank: number) => t("rank {0} was lost", rank),
  attempts: (n: number) => t("attempt {0}", n),
  commit: (hash: string) => t("commit {0}", hash),
  error: t("Show the error"),
};

export const statusName = (status: RunSummary["status"]): string => TEXT[status].split(";")[0]!;

/** Of an imported run it is not known how it ended, unless its log says that it failed. */
export const statusOf = ({ status, source }: RunSummary, isLive = true): string => {
  if (source && status !== "failed") return TEXT.isImported;
  return status === "running" && !isLive ? TEXT.wasRunning : statusName(status);
};

/** Of a run that may have ended since. */
const lastHeard = (status: RunSummary["status"]): string => (status === "running" ? TEXT.wasRunning : TEXT[status]);

export class StatusView {
  readonly element: HTMLElement;
  readonly #icon = createIcon("running");
  readonly #line = element("span");
  readonly #lastLine = element("span", { class: "last-line" });
  readonly #text = element("pre", { tabindex: 0 });
  readonly #details: HTMLDetailsElement;
  #run: string | null = null;

  constructor() {
    this.#details = element(
      "details",
      {},
      element("summary", {}, element("span", { class: "show" }, TEXT.error), " ", this.#lastLine),
      this.#text,
    );
    this.element = element(
      "div",
      { class: "status" },
      element("p", { role: "status" }, this.#icon, this.#line),
      this.#details,
    );
  }

  /** `isLive`: what changes is heard of. */
  show(
    { summary, error, exitCode, frameworkVersion, python, code, attempts, ranks }: RunDetail,
    isLive: boolean,
  ): void {
    const lost = ranks.find(({ status }) => status === "lost");
    setIcon(this.#icon, summary.status);
    setAttribute(this.#icon, "data-status", summary.status);
    const failed = summary.status === "failed";
    const { source } = summary;
    const lasted = summary.lastSeen - summary.startedAt;
    const parts = [
      source && !failed
        ? TEXT.imported(fileName(source.file))
        : isLive
          ? TEXT[summary.status]
          : lastHeard(summary.status),
      failed && exitCode !== null ? TEXT.exitCode(exitCode) : null,
      summary.status === "running" ? null : TEXT.steps(summary.steps),
      // Many a log tells no times.
      source && lasted === 0 ? null : formatDuration(lasted),
      lost && TEXT.lostRank(lost.rank),
      attempts > 1 ? TEXT.attempts(attempts) : null,
      summary.script && fileName(summary.script),
      summary.framework && [summary.framework, frameworkVersion].filter(Boolean).join(" "),
      code?.commit && TEXT.commit(shortHash(code.commit)),
      python && `Python ${python.replace(/^Python /, "")}`,
    ];
    setText(this.#line, parts.filter(Boolean).join(" · "));
    setHidden(this.#details, error === null);
    // Without a step the error is all that there is to read.
    if (summary.id !== this.#run) this.#details.open = summary.steps === 0;
    this.#run = summary.id;
    setText(this.#text, error ?? "");
    setText(this.#lastLine, error?.trimEnd().split("\n").pop() ?? "");
  }
}
