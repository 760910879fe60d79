import { describe, expect, test } from "vitest";
import { joinArguments, splitArguments } from "./command-line.ts";

test.each([
  ["", []],
  ["  --epochs 3\t--name run ", ["--epochs", "3", "--name", "run"]],
  ['--name "my run"', ["--name", "my run"]],
  ["--name='my run'", ["--name=my run"]],
  ['--json "{\\"a\\": 1}"', ["--json", '{"a": 1}']],
  ["a\\ b", ["a b"]],
  ["C:\\data\\train", ["C:\\data\\train"]],
  ['""', [""]],
  ['--open "unclosed quote', ["--open", "unclosed quote"]],
])("%s", (line, args) => expect(splitArguments(line)).toEqual(args));

describe("joined arguments are read back as they were", () => {
  test.each([[["a", "b c", "", '"', "it's", "\\", "C:\\x y\\", "--k=v"]], [[]]])("%j", (args) =>
    expect(splitArguments(joinArguments(args))).toEqual(args),
  );
});
