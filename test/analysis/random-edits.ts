/** What people and machines do to a script: seeded, so that a failure can be repeated. */
import type { TextEdit } from "../../server/analysis/index.ts";

export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const upTo = (next: Random, limit: number) => Math.floor(next() * limit);
export const pick = <T>(next: Random, items: readonly [T, ...T[]] | readonly T[]): T =>
  items[upTo(next, items.length)]!;

const TYPED = ["x", "_", ".", ",", "=", " ", "0", "clip_", "optimizer", "self.", "torch.", "not ", "await ", "# "];
const UNBALANCED = ["(", ")", "[", "]", "{", "}", '"', "'", '"""', "'''", "\\", 'f"{', "`", "$", "?"];
const HALF_WRITTEN = [
  "if ",
  "else:",
  "elif x:",
  "for x in",
  "while True",
  "def f(",
  "class A(",
  "with torch.",
  "try:",
  "except",
  "return",
  "lambda",
  "@",
  "import ",
  "from torch.nn import",
  "optimizer.",
  "optimizer.step(",
  "loss.backward",
  "torch.nn.utils.clip_grad_norm_(model.",
  "del ",
  "match x:",
  "x: int =",
  "print 'old'",
];
const WHOLE = [
  "optimizer.step()\n",
  "    optimizer.step()\n",
  "        loss.backward()\n",
  "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n",
  "import torch\n",
  "pass\n",
  "# gradsight: ignore\n",
  "# gradsight: ignore-file\n",
  "if a:\n",
  "def update(self):\n    optimizer.step()\n",
];
const FOREIGN = [
  "é",
  "e\u0301",
  "𝛼",
  "👩‍👩‍👧",
  "\u202E",
  "\uFEFF",
  "\uD800",
  "\uDC00",
  "变量",
  "ﬁ",
  "\u00A0",
  "\u2028",
];
const BLANK = ["\t", "    ", "  ", "\n", "\r\n", "\r", "\f", "\0", "\n\n\n", "\t \t", "\v"];
const TEXTS = [TYPED, UNBALANCED, HALF_WRITTEN, WHOLE, FOREIGN, BLANK];

const insertion = (at: number, newText: string): TextEdit => ({ range: { start: at, end: at }, newText });
const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;

function lines(text: string, next: Random): { start: number; end: number } {
  const start = lineStart(text, upTo(next, text.length + 1));
  let end = start;
  for (let count = 1 + upTo(next, 6); count > 0 && end < text.length; count--) {
    const newline = text.indexOf("\n", end);
    end = newline === -1 ? text.length : newline + 1;
  }
  return { start, end };
}

type Kind = (text: string, next: Random) => TextEdit;

const insert: Kind = (text, next) => insertion(upTo(next, text.length + 1), pick(next, pick(next, TEXTS)));
const remove: Kind = (text, next) => {
  const start = upTo(next, text.length + 1);
  return { range: { start, end: Math.min(text.length, start + upTo(next, next() < 0.1 ? 400 : 12)) }, newText: "" };
};
const replace: Kind = (text, next) => ({ ...remove(text, next), newText: pick(next, pick(next, TEXTS)) });
const removeLines: Kind = (text, next) => ({ range: lines(text, next), newText: "" });
const pasteLines: Kind = (text, next) => {
  const { start, end } = lines(text, next);
  return insertion(lineStart(text, upTo(next, text.length + 1)), text.slice(start, end));
};
const indentLines: Kind = (text, next) => {
  const range = lines(text, next);
  const block = text.slice(range.start, range.end);
  return { range, newText: next() < 0.5 ? block.replaceAll(/^(?=.)/gm, "    ") : block.replaceAll(/^ {1,4}/gm, "") };
};
const otherLineEnds: Kind = (text, next) => {
  const range = lines(text, next);
  return { range, newText: text.slice(range.start, range.end).replaceAll(/\r?\n/g, pick(next, ["\n", "\r\n", "\r"])) };
};

const KINDS = [insert, insert, insert, remove, replace, removeLines, pasteLines, indentLines, otherLineEnds];

export const randomEdit: Kind = (text, next) => pick(next, KINDS)(text, next);

export function undo(before: string, { range: { start, end }, newText }: TextEdit): TextEdit {
  return { range: { start, end: start + newText.length }, newText: before.slice(start, end) };
}

export const applied = (text: string, { range: { start, end }, newText }: TextEdit) =>
  text.slice(0, start) + newText + text.slice(end);
