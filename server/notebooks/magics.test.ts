import { describe, expect, it } from "vitest";
import { parses } from "../../test/analysis/analyser.ts";
import { withoutMagics } from "./magics.ts";

const cases: Record<string, [string, string]> = {
  "a line magic": ["%matplotlib inline\nx = 1", "                  \nx = 1"],
  "a shell line": ["!pip install torch\nimport torch", "                  \nimport torch"],
  "one that goes on over backslashes": ["!pip install \\\n  torch\nx = 1", "              \n       \nx = 1"],
  "the only statement of a block": [
    "if colab:\n    !pip install torch\nx = 1",
    "if colab:\n    0                 \nx = 1",
  ],
  "a shell's output that is kept": ["files = !ls *.py\nx = 1", "files = _       \nx = 1"],
  "a magic's value that is kept": ["kept = %env HOME\nx = 1", "kept = _        \nx = 1"],
  "help after a name": ["model.fit?\nx = 1", "          \nx = 1"],
  "help, twice, before a name": ["??model\nx = 1", "       \nx = 1"],
  "a line that is called by itself": ["/print 1\n;print a b\n,print a b", "        \n          \n          "],
  "CRLF line ends": ["%cd ..\r\nx = 1\r\n", "      \r\nx = 1\r\n"],
  "a magic that runs its line, and not the line": ["%time train(model)", "0    ;train(model)"],
  "its options, too": ["%timeit -n 10 -r3 train(model)", "0                ;train(model)"],
  "a magic before a value": ["loss = %time step()", "loss =       step()"],
  "a magic over a loop, which fits on no line": ["%time for x in y: train(x)", "                          "],
  "a cell magic that runs the cell": ["%%time\ntrain(model)", "      \ntrain(model)"],
  "the same with an argument and empty lines before it": ["\n%%capture out\ntrain()", "\n             \ntrain()"],
  "a cell for a shell": ["%%bash\npython train.py\n", "      \n               \n"],
  "a cell that is written to a file": ["%%writefile a.py\nopt.step()", "                \n          "],
  "a cell magic that nobody knows": ["%%mine\nopt.step()", "      \n          "],
};

describe("withoutMagics", () => {
  for (const [what, [source, text]] of Object.entries(cases))
    it(`takes out ${what}`, () => {
      expect(withoutMagics(source).text).toBe(text);
      expect(parses(text)).toBe(true);
    });

  for (const [what, source] of Object.entries({
    "a remainder on a line of its own": "x = (a\n  % b)\ny = a \\\n  % b",
    "a text that looks like one": 'x = """\n%time\n!ls\nwhat?\n"""',
    "a format": 'x = "%d" % 3\nx %= 4\nassert x != 3',
    "a comment": "# what?\nx = 1  # why?",
    "an unequal": "x = a != b\ny: int = -1\nf(a=1)",
    "a quote in a text": "x = 'it\\'s'\ny = 'a'  # %d\nz = r'\\'",
  }))
    it(`leaves ${what}`, () => expect(withoutMagics(source)).toEqual({ text: source, removed: [] }));

  it("goes on after a string that nobody closed", () => {
    expect(withoutMagics("x = 'it\n%cd\n").text).toBe("x = 'it\n   \n");
  });
});
