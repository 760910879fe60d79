import { expect, test } from "vitest";
import { parsePythonVersion } from "./version.ts";

test.each([
  ["Python 3.12.4\n", { major: 3, minor: 12 }],
  ["Python 3.9.0+\n", { major: 3, minor: 9 }],
  ["Python 2.7.18\n", { major: 2, minor: 7 }],
  ["warning: something\nPython 3.14.0rc1", { major: 3, minor: 14 }],
  ["GNU bash, version 5.2", null],
  ["", null],
])("%j", (output, version) => expect(parsePythonVersion(output)).toEqual(version));
