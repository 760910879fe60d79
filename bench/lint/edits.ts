/** What is typed: each keystroke is one edit, and the text is as it was at the end, so that any number can follow. */
import type { TextEdit } from "../../server/analysis/index.ts";

export interface Typing {
  readonly name: string;
  /** For the n-th time over: the keystrokes, each in the text that the one before it left. */
  readonly keystrokes: (text: string, n: number) => TextEdit[];
}

const typed = (at: number, characters: string): TextEdit[] => [
  ...[...characters].map((newText, index) => ({ range: { start: at + index, end: at + index }, newText })),
  ...[...characters].map((_, index) => ({
    range: { start: at + characters.length - 1 - index, end: at + characters.length - index },
    newText: "",
  })),
];

/** The n-th place of `what` from a seventh of the text on, so that not always the same one is edited. */
function place(text: string, what: string, n: number): number {
  const from = Math.floor((text.length * (1 + (n % 6))) / 7);
  const found = text.indexOf(what, from);
  return found === -1 ? text.lastIndexOf(what) : found;
}

export const TYPINGS: readonly Typing[] = [
  {
    name: "a call in a training loop",
    keystrokes: (text, n) => typed(place(text, "optimizer.step()", n), "loss.item()"),
  },
  {
    name: "a word in a string",
    keystrokes: (text, n) => typed(place(text, "passes over the data", n), "all "),
  },
  { name: "a line at the top", keystrokes: (text) => typed(text.indexOf("import json"), "import sys\n") },
  {
    name: "a bracket, left open",
    keystrokes: (text, n) => typed(place(text, "total += loss", n), "print(("),
  },
  {
    name: "a quote, left open",
    keystrokes: (text, n) => typed(place(text, "model.train()", n), '"""'),
  },
  {
    name: "a def above others",
    keystrokes: (text, n) => typed(place(text, "@torch.no_grad()", n), "def f(x):\n"),
  },
];
