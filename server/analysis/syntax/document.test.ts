import { expect, it, vi } from "vitest";
import { Parser, Tree, TreeCursor } from "web-tree-sitter";
import { analyser, grammarBytes } from "../../../test/analysis/analyser.ts";
import type { TextEdit } from "../finding.ts";
import { rangeOf, type Statement } from "./ast.ts";
import { Document, loadGrammar } from "./document.ts";

const grammar = await loadGrammar(grammarBytes);

const SCRIPT = `"""Trains."""
import torch
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return self.layer(x)

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cuda")

def update(loss, clip=1.0):
    optimizer.zero_grad()
    loss.backward()
    if clip:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()

for epoch in range(3):
    for x, y in loader:
        update(model(x).sum())
        scaler.scale(model(y).sum()).backward()
        scaler.step(optimizer)
`;

/** A small generator of its own, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const PIECES = [
  "",
  "(",
  ")",
  "\n",
  "    ",
  "\t",
  ":",
  '"',
  "'''",
  "#",
  "x",
  "optimizer.step()\n",
  "\\",
  "\r\n",
  "é",
  "𝛼",
  "if a:\n",
  "clip_",
];

function randomEdit(text: string, next: () => number): TextEdit {
  const start = Math.floor(next() * (text.length + 1));
  const end = Math.min(text.length, start + Math.floor(next() ** 3 * 30));
  return { range: { start, end }, newText: PIECES[Math.floor(next() * PIECES.length)] ?? "" };
}

/** Statements with absolute places, comparable across documents. */
function plain(statements: readonly Statement[]): unknown {
  return statements.map((statement) => {
    const { anchor, ...rest } = statement;
    return [
      rangeOf(statement),
      JSON.parse(JSON.stringify(rest, (key, value) => (key === "anchor" ? undefined : value))),
    ];
  });
}

it.each([1, 2, 3, 4, 5, 6])("reads after random edits what it would read afresh (seed %i)", (seed) => {
  const next = random(seed);
  const document = new Document(grammar, SCRIPT);
  const module = analyser.open(SCRIPT);
  for (let round = 0; round < 40; round++) {
    const edits = [randomEdit(document.text, next)];
    if (next() < 0.3) edits.push(randomEdit(document.text, next));
    for (const edit of edits) document.edit(edit);
    module.edit(edits);
    const fresh = new Document(grammar, document.text);
    expect(plain(document.statements())).toEqual(plain(fresh.statements()));
    const again = analyser.open(document.text);
    expect(module.lint()).toEqual(again.lint());
    expect(module.fixAll("unsafe")).toEqual(again.fixAll("unsafe"));
    again.dispose();
    fresh.dispose();
  }
  document.dispose();
  module.dispose();
});

it("reads only what changed again", () => {
  const document = new Document(grammar, SCRIPT);
  const before = document.statements();
  const at = SCRIPT.indexOf("1e-3");
  document.edit({ range: { start: at, end: at + 4 }, newText: "0.01" });
  const after = document.statements();
  const kept = after.filter((statement) => before.includes(statement));
  expect(after.length - kept.length).toBe(1);
  document.dispose();
});

it("keeps what stands around a bracket or a string that is left open", () => {
  const document = new Document(grammar, SCRIPT);
  const before = document.statements();
  const at = SCRIPT.indexOf("loss.backward()");
  for (const newText of ["print((", 'x = "', "[[["]) {
    document.edit({ range: { start: at, end: at }, newText });
    const after = document.statements();
    expect(after.filter((statement) => before.includes(statement)).length).toBe(before.length - 1);
    expect(document.hasErrors).toBe(true);
    document.edit({ range: { start: at, end: at + newText.length }, newText: "" });
    expect(document.statements()).toEqual(before);
    expect(document.hasErrors).toBe(false);
  }
  document.dispose();
});

it("gives back what a quote had swallowed", () => {
  const document = new Document(grammar, SCRIPT);
  const before = document.statements();
  const at = SCRIPT.indexOf("model = Net()");
  document.edit({ range: { start: at, end: at }, newText: '"""' });
  expect(document.statements().length).toBeLessThan(before.length);
  document.edit({ range: { start: at, end: at + 3 }, newText: "" });
  const after = document.statements();
  expect(after.every((statement, index) => statement === before[index])).toBe(true);
  document.dispose();
});

it("reads a long statement with an error as it would be read afresh", () => {
  const method = (n: number) => `    def step_${n}(self):\n        self.optimizer.step()\n\n`;
  const text = `class Trainer:\n${Array.from({ length: 60 }, (_, n) => method(n)).join("")}`;
  const document = new Document(grammar, text);
  document.statements();
  const at = text.indexOf("step_30") + "step_30(self):\n        ".length;
  for (const newText of ["x", "(", "y", '"', "\n", ")"]) {
    document.edit({ range: { start: at, end: at }, newText });
    const fresh = new Document(grammar, document.text);
    expect(plain(document.statements())).toEqual(plain(fresh.statements()));
    fresh.dispose();
  }
  document.dispose();
});

it("frees every tree that it replaces", () => {
  const parsed = vi.spyOn(Parser.prototype, "parse");
  const freed = vi.spyOn(Tree.prototype, "delete");
  const cursors = vi.spyOn(TreeCursor.prototype, "delete");
  const document = new Document(grammar, SCRIPT);
  const pieces = document.statements().length;
  const at = SCRIPT.indexOf("1e-3");
  for (let round = 0; round < 3000; round++) {
    document.edit({ range: { start: at, end: at + 4 }, newText: `0.${10 + (round % 90)}` });
    document.statements();
  }
  expect(parsed).toHaveBeenCalledTimes(pieces + 3000);
  expect(freed).toHaveBeenCalledTimes(pieces + 2999);
  document.dispose();
  expect(freed).toHaveBeenCalledTimes(pieces + 3000);
  expect(cursors).toHaveBeenCalledTimes(pieces + 3000);
  vi.restoreAllMocks();
});
