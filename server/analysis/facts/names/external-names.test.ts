import { expect, it } from "vitest";
import { grammarBytes } from "../../../../test/analysis/analyser.ts";
import { Document, loadGrammar } from "../../syntax/document.ts";
import { usesExternal } from "./external-names.ts";
import { ModuleNames } from "./module-names.ts";

const grammar = await loadGrammar(grammarBytes);

/** Whether `torch.nn` is used, in a text and after each further edit of it. */
function usesLayers(text: string, ...edits: readonly [before: string, after: string][]): boolean[] {
  const document = new Document(grammar, text);
  const names = new ModuleNames();
  const answer = () => usesExternal(names.of(document.statements()), /^torch\.nn\b/);
  try {
    return [
      answer(),
      ...edits.map(([before, after]) => {
        const start = document.text.indexOf(before);
        document.edit({ range: { start, end: start + before.length }, newText: after });
        return answer();
      }),
    ];
  } finally {
    document.dispose();
  }
}

it.each([
  ["is imported", "from torch import nn\n", true],
  ["is called through what is imported", "import torch as t\n\ndef build():\n    return t.nn.Linear(1, 1)\n", true],
  [
    "is called through an import of the function's own",
    "def build():\n    import torch as t\n    t.nn.Linear(1, 1)\n",
    true,
  ],
  ["is only named", "import torch as t\n\nlayer = t.nn.Linear\n", false],
  ["is another object's", "def build(torch):\n    return torch.nn.Linear(1, 1)\n", false],
])("sees whether a module %s", (_, text, expected) => {
  expect(usesLayers(text)).toEqual([expected]);
});

it("follows an import that is edited above what calls through it", () => {
  const text = "import torch as t\n\ndef build():\n    return t.nn.Linear(1, 1)\n";
  expect(usesLayers(text, ["torch", "jax"], ["jax", "torch"], ["as t", "as u"])).toEqual([true, false, true, false]);
});
