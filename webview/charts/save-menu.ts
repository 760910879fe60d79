/** The menu of a chart: its picture to the clipboard or to a file, and its numbers to a file that the user chooses. */
import "./save-menu.css";
import { element, setAttribute, setHidden, setText } from "../dom.ts";
import { log, reasonOf } from "../host.ts";
import { t } from "../l10n.ts";
import { type Drawing, pictureOf, pngOf, svgOf } from "./picture.ts";

const TEXT = {
  menu: (title: string) => t("Copy or save {0}", title),
  copy: t("Copy picture"),
  png: t("Save picture (PNG)…"),
  svg: t("Save picture (SVG)…"),
  csv: t("Save numbers (CSV)…"),
  copied: t("Copied"),
  failed: (reason: string) => t("Not copied: {0}", reason),
};
const SHOWN_MS = 4000;

export type SaveKind = "png" | "svg" | "csv";
export type Save = (kind: SaveKind, bytes: Uint8Array<ArrayBuffer>) => void;

export interface Savable {
  drawing(): Drawing;
  csv(): string;
}

export class SaveMenu {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #menu: HTMLElement;
  readonly #status = element("span", { role: "status" });

  constructor(title: string, savable: Savable, save: Save) {
    const label = TEXT.menu(title);
    this.#button = element(
      "button",
      { type: "button", class: "quiet", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label },
      "⋯",
    );
    this.#button.title = label;
    const item = (text: string, act: () => Promise<void> | void) => {
      const button = element("button", { type: "button", role: "menuitem", tabindex: -1 }, text);
      button.addEventListener("click", () => {
        this.#toggle(false);
        this.#button.focus();
        void act();
      });
      return button;
    };
    this.#menu = element(
      "div",
      { role: "menu", "aria-label": label, hidden: true },
      item(TEXT.copy, () => this.#copy(savable)),
      item(TEXT.png, async () =>
        save("png", new Uint8Array(await (await pngOf(pictureOf(savable.drawing()))).arrayBuffer())),
      ),
      item(TEXT.svg, () => save("svg", new TextEncoder().encode(svgOf(savable.drawing())))),
      item(TEXT.csv, () => save("csv", new TextEncoder().encode(savable.csv()))),
    );
    this.element = element("div", { class: "save" }, this.#status, this.#button, this.#menu);
    this.#button.addEventListener("click", () => this.#toggle(this.#menu.hidden === true));
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.element.contains(relatedTarget as Node | null)) this.#toggle(false);
    });
    // Keeps the focus inside, which leaves on a click elsewhere only.
    this.#menu.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  #toggle(open: boolean): void {
    setHidden(this.#menu, !open);
    setAttribute(this.#button, "aria-expanded", String(open));
    if (open) (this.#menu.firstElementChild as HTMLElement).focus();
  }

  #onKey(event: KeyboardEvent): void {
    const items = [...this.#menu.children] as HTMLElement[];
    if (this.#menu.hidden) {
      if (event.key !== "ArrowDown") return;
      this.#toggle(true);
    } else if (event.key === "Escape") {
      this.#toggle(false);
      this.#button.focus();
    } else {
      const at = items.indexOf(document.activeElement as HTMLElement);
      const moves: Record<string, number> = {
        ArrowDown: (at + 1) % items.length,
        ArrowUp: (at - 1 + items.length) % items.length,
        Home: 0,
        End: items.length - 1,
      };
      const target = moves[event.key];
      if (target === undefined) return;
      items[target]!.focus();
    }
    event.preventDefault();
  }

  async #copy(savable: Savable): Promise<void> {
    try {
      // The promise goes in, not the picture: some browsers take it only within the press.
      await navigator.clipboard.write([new ClipboardItem({ "image/png": pngOf(pictureOf(savable.drawing())) })]);
      this.#say(TEXT.copied);
    } catch (error) {
      log("warn", `a picture was not copied: ${reasonOf(error)}`);
      this.#say(TEXT.failed(reasonOf(error)));
    }
  }

  #say(text: string): void {
    setText(this.#status, text);
    setTimeout(() => setText(this.#status, ""), SHOWN_MS);
  }
}
