/** A button that opens a list to choose one from, or several, with the keys of a native select. */
import "./picker.css";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { createIcon, type IconName, setIcon } from "./icon.ts";

export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly icon?: IconName;
  /** Colour of what was chosen, by the names of a legend. */
  readonly color?: string | null;
  /** Can't be chosen now. */
  readonly isRefused?: boolean;
}

const TYPE_AHEAD_MS = 800;
/** Pixels between a list and the edge of the page. */
const EDGE = 8;
const UNTYPED = { text: "", at: Number.NEGATIVE_INFINITY };

export class Picker {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #list: HTMLUListElement;
  readonly #note = element("p", { class: "aside-label", role: "status" });
  readonly #popup: HTMLElement;
  readonly #onChoose: (id: string) => void;
  readonly #isMany: boolean;
  #choices: readonly Choice[] = [];
  #first = 0;
  #active = 0;
  #typed = UNTYPED;

  /** `isMany`: several can be chosen, and the list stays open meanwhile. */
  constructor(id: string, label: string, onChoose: (id: string) => void, isMany = false) {
    this.#onChoose = onChoose;
    this.#isMany = isMany;
    this.#button = element(
      "button",
      {
        type: "button",
        id,
        role: "combobox",
        "aria-haspopup": "listbox",
        "aria-expanded": "false",
        "aria-controls": `${id}-list`,
        "aria-label": label,
      },
      createIcon("info"),
      element("span", { class: "name" }),
      element("span", { class: "detail" }),
      createIcon("chevron"),
    );
    this.#list = element("ul", {
      id: `${id}-list`,
      role: "listbox",
      "aria-label": label,
      "aria-multiselectable": isMany ? "true" : null,
    });
    this.#popup = element("div", { class: "popup", hidden: true }, this.#list, this.#note);
    this.element = element("div", { class: "picker" }, this.#button, this.#popup);
    this.#button.addEventListener("click", () => this.#toggle(!this.#isOpen));
    this.#button.addEventListener("keydown", (event) => this.#onKey(event));
    this.#button.addEventListener("blur", () => this.#toggle(false));
    window.addEventListener("resize", () => this.#isOpen && this.#keepInPage());
    // Keeps the focus on the button, so that the list closes on a click elsewhere only.
    this.#popup.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest("li");
      if (option) this.#choose([...this.#list.children].indexOf(option));
    });
  }

  /** `chosen`: of one choice only the first counts; `face`: what the button says, of one choice that choice; `note`: below the list. */
  show(choices: readonly Choice[], chosen: readonly string[], face?: Choice, note = ""): void {
    this.#choices = choices;
    this.#first = Math.max(
      0,
      choices.findIndex(({ id }) => chosen.includes(id)),
    );
    const shown = face ?? choices[this.#first];
    const [icon, name, detail] = this.#button.children as unknown as [SVGSVGElement, HTMLElement, HTMLElement];
    fill(icon, name, detail, shown ?? { id: "", name: "", detail: "" });
    setAttribute(
      this.#button,
      "aria-description",
      shown ? [shown.name, shown.detail].filter(Boolean).join(", ") : null,
    );
    setText(this.#note, note);
    setHidden(this.#note, note === "");
    patchList(
      this.#list,
      choices,
      () =>
        element(
          "li",
          { role: "option" },
          ...(this.#isMany ? [element("span", { class: "box", "aria-hidden": "true" })] : []),
          createIcon("info"),
          element("span", { class: "name" }),
          element("span", { class: "detail" }),
        ),
      (option, choice, i) => {
        const parts = [...option.children] as unknown as [SVGSVGElement, HTMLElement, HTMLElement];
        if (this.#isMany) setAttribute(parts.shift()!, "data-color", choice.color ?? null);
        fill(...parts, choice);
        setAttribute(option, "id", `${this.#list.id}-${i}`);
        const isChosen = this.#isMany ? chosen.includes(choice.id) : i === this.#first;
        setAttribute(option, "aria-selected", String(isChosen));
        setAttribute(option, "aria-disabled", choice.isRefused ? "true" : null);
      },
    );
    this.#mark();
  }

  get #isOpen(): boolean {
    return !this.#popup.hidden;
  }

  #toggle(open: boolean): void {
    if (open === this.#isOpen) return;
    setHidden(this.#popup, !open);
    setAttribute(this.#button, "aria-expanded", String(open));
    if (open) {
      this.#active = this.#first;
      this.#keepInPage();
    }
    this.#mark();
  }

  /** Moves the list aside where it would stand out of the page. */
  #keepInPage(): void {
    const { style } = this.#popup;
    style.translate = "";
    const { left, right } = this.#popup.getBoundingClientRect();
    const beyond = right - document.documentElement.clientWidth + EDGE;
    if (beyond > 0) style.translate = `${-beyond}px`;
    else if (left < EDGE) style.translate = `${EDGE - left}px`;
  }

  #mark(): void {
    const open = this.#isOpen;
    this.#active = Math.min(this.#active, this.#choices.length - 1);
    for (const [i, option] of [...this.#list.children].entries())
      setAttribute(option, "data-active", open && i === this.#active);
    setAttribute(this.#button, "aria-activedescendant", open ? `${this.#list.id}-${this.#active}` : null);
    if (open) this.#list.children[this.#active]?.scrollIntoView({ block: "nearest" });
  }

  #choose(i: number): void {
    const choice = this.#choices[i];
    this.#typed = UNTYPED;
    if (this.#isMany) {
      this.#active = i;
      this.#mark();
    } else this.#toggle(false);
    if (choice && !choice.isRefused) this.#onChoose(choice.id);
  }

  #onKey(event: KeyboardEvent): void {
    const open = this.#isOpen;
    const last = this.#choices.length - 1;
    const moves: Record<string, number> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + 10,
      PageUp: this.#active - 10,
      Home: 0,
      End: last,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      if (open) this.#active = Math.min(Math.max(target, 0), last);
      this.#toggle(true);
      this.#mark();
    } else if (event.key === "Escape" && open) this.#toggle(false);
    // A space chooses, unless it is a part of a name that is being typed.
    else if ((event.key === "Enter" || (event.key === " " && !this.#isTyping)) && open) this.#choose(this.#active);
    else if (event.key.length === 1 && (event.key !== " " || this.#isTyping) && !event.ctrlKey && !event.metaKey)
      this.#typeAhead(event.key);
    else return;
    event.preventDefault();
  }

  get #isTyping(): boolean {
    return performance.now() - this.#typed.at <= TYPE_AHEAD_MS;
  }

  #typeAhead(key: string): void {
    const text = this.#isTyping ? this.#typed.text + key : key;
    this.#typed = { text, at: performance.now() };
    const found = this.#choices.findIndex(({ name }) => name.toLowerCase().startsWith(text.toLowerCase()));
    if (found < 0) return;
    this.#toggle(true);
    this.#active = found;
    this.#mark();
  }
}

function fill(icon: SVGSVGElement, name: HTMLElement, detail: HTMLElement, choice: Choice): void {
  if (choice.icon) setIcon(icon, choice.icon);
  setAttribute(icon, "data-status", choice.icon ?? null);
  setAttribute(icon, "hidden", choice.icon === undefined);
  setText(name, choice.name);
  setText(detail, choice.detail);
}
