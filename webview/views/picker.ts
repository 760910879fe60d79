/** A button that opens a list to choose from, with the keys of a native select. */
import "./picker.css";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { createIcon, type IconName, setIcon } from "./icon.ts";

export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly icon?: IconName;
}

const TYPE_AHEAD_MS = 800;
const UNTYPED = { text: "", at: Number.NEGATIVE_INFINITY };

export class Picker {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #list: HTMLUListElement;
  readonly #onChoose: (id: string) => void;
  #choices: readonly Choice[] = [];
  #chosen = 0;
  #active = 0;
  #typed = UNTYPED;

  constructor(id: string, label: string, onChoose: (id: string) => void) {
    this.#onChoose = onChoose;
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
    this.#list = element("ul", { id: `${id}-list`, role: "listbox", "aria-label": label, hidden: true });
    this.element = element("div", { class: "picker" }, this.#button, this.#list);
    this.#button.addEventListener("click", () => this.#toggle(this.#list.hidden === true));
    this.#button.addEventListener("keydown", (event) => this.#onKey(event));
    this.#button.addEventListener("blur", () => this.#toggle(false));
    // Keeps the focus on the button, so that the list closes on a click elsewhere only.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest("li");
      if (option) this.#choose([...this.#list.children].indexOf(option));
    });
  }

  show(choices: readonly Choice[], chosen: string | null): void {
    this.#choices = choices;
    this.#chosen = Math.max(
      0,
      choices.findIndex(({ id }) => id === chosen),
    );
    const shown = choices[this.#chosen];
    const [icon, name, detail] = this.#button.children as unknown as [SVGSVGElement, HTMLElement, HTMLElement];
    fill(icon, name, detail, shown ?? { id: "", name: "", detail: "" });
    setAttribute(
      this.#button,
      "aria-description",
      shown ? [shown.name, shown.detail].filter(Boolean).join(", ") : null,
    );
    patchList(
      this.#list,
      choices,
      () =>
        element(
          "li",
          { role: "option" },
          createIcon("info"),
          element("span", { class: "name" }),
          element("span", { class: "detail" }),
        ),
      (option, choice, i) => {
        const parts = option.children as unknown as [SVGSVGElement, HTMLElement, HTMLElement];
        fill(...parts, choice);
        setAttribute(option, "id", `${this.#list.id}-${i}`);
        setAttribute(option, "aria-selected", String(i === this.#chosen));
      },
    );
    this.#mark();
  }

  #toggle(open: boolean): void {
    if (open === !this.#list.hidden) return;
    setHidden(this.#list, !open);
    setAttribute(this.#button, "aria-expanded", String(open));
    if (open) this.#active = this.#chosen;
    this.#mark();
  }

  #mark(): void {
    const open = !this.#list.hidden;
    this.#active = Math.min(this.#active, this.#choices.length - 1);
    for (const [i, option] of [...this.#list.children].entries())
      setAttribute(option, "data-active", open && i === this.#active);
    setAttribute(this.#button, "aria-activedescendant", open ? `${this.#list.id}-${this.#active}` : null);
    if (open) this.#list.children[this.#active]?.scrollIntoView({ block: "nearest" });
  }

  #choose(i: number): void {
    const choice = this.#choices[i];
    this.#toggle(false);
    this.#typed = UNTYPED;
    if (choice) this.#onChoose(choice.id);
  }

  #onKey(event: KeyboardEvent): void {
    const open = !this.#list.hidden;
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
