/** What stands in place of the charts when there is nothing to chart, and what to do about it. */
import "./placeholder.css";
import type { FromDashboard } from "../../protocol/webview.ts";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { t } from "../l10n.ts";

type Command = Extract<FromDashboard, { type: "command" }>["command"];
type Action = Command | "retry";
export type PlaceholderKind =
  | "starting"
  | "loading"
  | "failed"
  | "empty"
  | "no-steps"
  | "ended-early"
  | "unseen"
  | "unavailable"
  | "disconnected";

interface Placeholder {
  readonly title: string;
  readonly text: string;
  readonly code?: string;
  readonly button?: readonly [Action, string];
  readonly second?: readonly [Action, string];
}

const TEXT: Record<PlaceholderKind, Placeholder> = {
  starting: { title: t("Starting…"), text: t("The telemetry hub is starting.") },
  loading: { title: t("Loading…"), text: t("Reading the recorded runs.") },
  failed: {
    title: t("The runs could not be read"),
    text: t("The telemetry hub answered with an error. Nothing that was recorded is lost by it."),
    button: ["retry", t("Try again")],
    second: ["showLog", t("Show log")],
  },
  empty: {
    title: t("No runs yet"),
    text: t(
      "Open a training script and run it with telemetry: its gradient norms appear here while it trains, and nothing in the script changes. Or start it in a terminal of this window:",
    ),
    code: "python -m gradsight run train.py",
    button: ["runWithTelemetry", t("Run with Gradient Telemetry")],
    second: ["openWalkthrough", t("Take the tour")],
  },
  "no-steps": {
    title: t("Waiting for the first step"),
    text: t("The run has reported in. Charts appear with its first optimizer step."),
  },
  "ended-early": {
    title: t("Ended before its first step"),
    text: t("The run stopped before an optimizer step was recorded, so there is nothing to chart."),
    button: ["runWithTelemetry", t("Run with Gradient Telemetry")],
    second: ["showLog", t("Show log")],
  },
  unseen: {
    title: t("No optimizer step was seen"),
    text: t(
      "The script ran to its end, and the probe's hooks saw no step of it. A loop that they can't see reports each step itself:",
    ),
    code: "gradsight.log(step, norm=norm, loss=loss)",
    button: ["runWithTelemetry", t("Run with Gradient Telemetry")],
    second: ["showLog", t("Show log")],
  },
  unavailable: {
    title: t("Telemetry is not available"),
    text: t("The telemetry hub could not start. Checking and fixing code works without it."),
    button: ["showLog", t("Show log")],
  },
  disconnected: {
    title: t("Disconnected"),
    text: t("The connection to the telemetry hub was lost; connecting again…"),
    button: ["showLog", t("Show log")],
  },
};

export class PlaceholderView {
  readonly element: HTMLElement;
  readonly #title = element("h2");
  readonly #text = element("p");
  readonly #reason = element("p", { class: "reason" });
  readonly #code = element("code");
  readonly #button = element("button", { type: "button", class: "primary" });
  readonly #second = element("button", { type: "button", class: "secondary" });
  #kind: PlaceholderKind | null = null;

  constructor(run: (action: Action) => void) {
    this.element = element(
      "section",
      { class: "placeholder", "aria-live": "polite" },
      element("div", { class: "progress", "aria-hidden": "true" }),
      this.#title,
      this.#text,
      this.#reason,
      this.#code,
      element("div", { class: "buttons" }, this.#button, this.#second),
    );
    const press = (which: "button" | "second") => {
      const action = this.#kind && TEXT[this.#kind][which]?.[0];
      if (action) run(action);
    };
    this.#button.addEventListener("click", () => press("button"));
    this.#second.addEventListener("click", () => press("second"));
  }

  show(kind: PlaceholderKind | null, reason: string | null): void {
    this.#kind = kind;
    setHidden(this.element, kind === null);
    if (kind === null) return;
    const { title, text, code, button, second } = TEXT[kind];
    setAttribute(this.element, "data-kind", kind);
    setText(this.#title, title);
    setText(this.#text, text);
    setText(this.#reason, reason ?? "");
    setHidden(this.#reason, !reason);
    setText(this.#code, code ?? "");
    setHidden(this.#code, !code);
    setText(this.#button, button?.[1] ?? "");
    setHidden(this.#button, !button);
    setText(this.#second, second?.[1] ?? "");
    setHidden(this.#second, !second);
  }
}
