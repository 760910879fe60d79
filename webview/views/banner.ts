/** Trouble that leaves what is on screen standing: the hub is away, or it refused something. */
import "./banner.css";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import type { Feed } from "../hub/feed.ts";
import { t } from "../l10n.ts";
import { createIcon } from "./icon.ts";
import type { PlaceholderKind } from "./placeholder.ts";

const TEXT = {
  disconnected: t("Disconnected from the hub. What you see is not live; connecting again…"),
  unavailable: t("The hub is not available. What you see is not live."),
  problem: (reason: string) => t("The hub could not answer: {0}", reason),
  log: t("Show log"),
};

export class BannerView {
  readonly element: HTMLElement;
  readonly #text = element("span");

  constructor(showLog: () => void) {
    const button = element("button", { type: "button", class: "link" }, TEXT.log);
    button.addEventListener("click", showLog);
    this.element = element("div", { class: "banner", role: "alert" }, createIcon("warning"), this.#text, button);
  }

  /** Shows nothing where the placeholder says it all. */
  show({ hub, problem }: Feed, placeholder: PlaceholderKind | null): void {
    const away = (hub.state === "disconnected" || hub.state === "unavailable") && placeholder !== hub.state;
    setHidden(this.element, !away && (problem === null || placeholder === "failed"));
    setAttribute(this.element, "data-state", hub.state);
    if (hub.state === "disconnected") setText(this.#text, [TEXT.disconnected, hub.reason].filter(Boolean).join(" "));
    else if (hub.state === "unavailable") setText(this.#text, [TEXT.unavailable, hub.reason].filter(Boolean).join(" "));
    else setText(this.#text, problem === null ? "" : TEXT.problem(problem));
  }
}
