/** Which words stand anywhere in a text that is edited: searched for once, and after an edit only where it may have changed the answer. */
import type { TextEdit } from "./finding.ts";

export class Mentions {
  readonly #known = new Map<string, boolean>();
  #longest = 0;

  has(word: string, text: string): boolean {
    let known = this.#known.get(word);
    if (known === undefined) {
      known = text.includes(word);
      this.#known.set(word, known);
      this.#longest = Math.max(this.#longest, word.length);
    }
    return known;
  }

  /** `before` is the text that the change is of. */
  edit(before: string, { range: { start, end }, newText }: TextEdit): void {
    const ahead = before.slice(Math.max(0, start - this.#longest), start);
    const behind = before.slice(end, end + this.#longest);
    const removed = ahead + before.slice(start, end) + behind;
    const added = ahead + newText + behind;
    for (const [word, known] of this.#known) if ((known ? removed : added).includes(word)) this.#known.delete(word);
  }
}
