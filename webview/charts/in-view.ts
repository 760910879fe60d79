/** Drawing what is in view at once, and what isn't now and then: a page is longer than its window. */

/** Milliseconds between two drawings of what nobody sees. */
const REST = 1000;
/** Pixels beyond the window's edges that count as seen, so that nothing scrolls in that is out of date. */
const MARGIN = "50px";

export class InView {
  readonly #draw: () => void;
  #seen = true;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #later: ReturnType<typeof setTimeout> | null = null;

  /** `draw`: brings the drawing of `element` up to date. */
  constructor(element: Element, draw: () => void) {
    this.#draw = draw;
    const observer = new IntersectionObserver(
      (entries) => {
        this.#seen = entries.at(-1)!.isIntersecting;
        if (this.#seen && this.#later !== null) this.drawNow();
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
  }

  /** What is drawn is out of date. */
  outdate(): void {
    const rest = this.#drawnAt + REST - performance.now();
    if (this.#seen || rest <= 0) this.drawNow();
    else this.#later ??= setTimeout(() => this.drawNow(), rest);
  }

  /** The user has changed what is drawn, wherever it is. */
  drawNow(): void {
    if (this.#later !== null) clearTimeout(this.#later);
    this.#later = null;
    this.#drawnAt = performance.now();
    this.#draw();
  }
}
