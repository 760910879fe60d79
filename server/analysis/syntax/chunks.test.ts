import { expect, it } from "vitest";
import { grammarBytes } from "../../../test/analysis/analyser.ts";
import { SCRIPTS } from "../../../test/analysis/scripts.ts";
import { chunkAt } from "./chunks.ts";
import { loadGrammar } from "./document.ts";

const { parser } = await loadGrammar(grammarBytes);

function cut(text: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const { end } = chunkAt(text, at);
    chunks.push(text.slice(at, end));
    at = end;
  }
  return chunks;
}

/** The statements of a text by their kinds and places, or null where the parser gives up. */
function parsed(text: string, offset = 0): string[] | null {
  const tree = parser.parse(text)!;
  const { rootNode } = tree;
  const found = rootNode.hasError
    ? null
    : rootNode.children.flatMap((child) =>
        child && child.type !== "comment" ? [`${offset + child.startIndex}-${offset + child.endIndex} ${child}`] : [],
      );
  tree.delete();
  return found;
}

function parsedInPieces(text: string): string[] | null {
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const { end, codeEnd } = chunkAt(text, at);
    const statements = parsed(text.slice(at, codeEnd), at);
    if (!statements) return null;
    found.push(...statements);
    at = end;
  }
  return found;
}

it("cuts before statements, and nowhere within one", () => {
  const pieces = [
    "# a comment at the top\n\n",
    '"""What it does.\n\ndef example():\n"""\n',
    "import os\n\n# of the next\n",
    "x = [\n1,\n# two\n2\n]\n",
    "total = a + \\\nb\n",
    "@first(\n  1)\n@second\n# why\ndef f():\n    return 1\n    # still in it\n\n",
    "if a:\n    b()\n# between\nelif c:\n    d()\nelse:\n    e()\n",
    "try:\n    f()\nexcept Exception:\n    pass\nfinally:\n    g()\n",
    "elsewhere = '\\'#('\n",
    "y = 1; z = 2\n",
    "s = '''\n# no comment'''\n",
    "t = r'\\\\'\n",
    "print(f'{x['a']}')\r\n",
    "class é:\n\tpass\n",
  ];
  expect(cut(pieces.join(""))).toEqual(pieces);
});

it.each([
  [["def f():\n    print((\n    g()\n\n", "def h(): pass\n"]],
  [["x = {'a': [1,\n\n", "@torch.no_grad()\n@other\ndef h(): pass\n"]],
  [["x = (\n", "async def h(): pass\n"]],
  [["x = 'open (\n", "y = 1\n"]],
  [["print((\n\n", "for x in y:\n    pass\n"]],
  [["x = [a\nfor a in b]\n", "y = 1\n"]],
  [["x = (1,\nfrom_here, importance,\nclassic, definite)\n", "y = 1\n"]],
])("ends what is left open before the next definition: %j", (pieces) => {
  expect(cut(pieces.join(""))).toEqual(pieces);
});

it("leaves comments between statements to none, and those in one to it", () => {
  const text = "x = '''\n# a'''  # b\n# c\n\n";
  expect(text.slice(0, chunkAt(text, 0).codeEnd)).toBe("x = '''\n# a'''  # b\n");
});

it.each(SCRIPTS.map(({ name, text }) => [name, text]))("parses in pieces as in the whole: %s", (_, text) => {
  for (const written of [text, text.replaceAll("\n", "\r\n"), text.trimEnd()]) {
    const whole = parsed(written);
    if (whole) expect(parsedInPieces(written)).toEqual(whole);
  }
});
