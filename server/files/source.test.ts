import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeSource, encodeSource, readSource, SourceError, writeAtomically } from "./source.ts";

const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe("decodeSource and encodeSource", () => {
  const sound: Record<string, Buffer> = {
    "plain UTF-8": bytes("x = 'é'\n"),
    "a byte order mark": bytes([0xef, 0xbb, 0xbf], "x = 1\r\n"),
    "mixed line ends": bytes("a\r\nb\nc\rd"),
    nothing: bytes(""),
    "latin-1 with a coding line": bytes("# -*- coding: latin-1 -*-\nx = '", [0xe9], "'\n"),
    "latin-1 with a coding line after the shebang": bytes(
      "#!/usr/bin/python\n# vim: set fileencoding=iso-8859-1 :\n'",
      [0xe9],
      "'",
    ),
  };
  for (const [what, input] of Object.entries(sound))
    it(`gives back ${what} byte for byte`, () => {
      expect(Buffer.from(encodeSource(decodeSource(input))).equals(input)).toBe(true);
    });

  it("leaves the byte order mark out of the text", () => {
    expect(decodeSource(bytes([0xef, 0xbb, 0xbf], "x")).text).toBe("x");
  });

  const broken: Record<string, [Buffer, string]> = {
    "NUL bytes": [bytes([1, 0, 2]), "NUL"],
    "bytes that are no UTF-8": [bytes("x = '", [0xff, 0xfe], "'"), "not valid UTF-8"],
    "an encoding that is not supported": [bytes("# coding: cp949\nx = '", [0xb0, 0xa1], "'"), "cp949"],
  };
  for (const [what, [input, message]] of Object.entries(broken))
    it(`refuses ${what}`, () => expect(() => decodeSource(input)).toThrow(message));

  it("refuses to write what latin-1 has not", () => {
    expect(() => encodeSource({ text: "→", encoding: "latin-1", byteOrderMark: false })).toThrow(SourceError);
  });
});

describe("files", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradsight-source-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("says in words that a file is not there", async () => {
    await expect(readSource(join(folder, "none.py"))).rejects.toThrow("no such file");
  });

  it("replaces a file, keeps its mode, and leaves nothing beside it", async () => {
    const path = join(folder, "a.py");
    await writeFile(path, "old", { mode: 0o640 });
    const { mode } = await stat(path);
    await writeAtomically(path, Buffer.from("new"));
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode).toBe(mode);
    expect(await readdir(folder)).toEqual(["a.py"]);
  });

  it.skipIf(process.platform === "win32")("writes through a symbolic link", async () => {
    await writeFile(join(folder, "a.py"), "old");
    await symlink("a.py", join(folder, "link.py"));
    await writeAtomically(join(folder, "link.py"), Buffer.from("new"));
    expect(await readFile(join(folder, "a.py"), "utf8")).toBe("new");
  });

  it("leaves nothing behind when it can't write", async () => {
    await expect(writeAtomically(join(folder, "none", "a.py"), Buffer.from("x"))).rejects.toThrow(SourceError);
    expect(await readdir(folder)).toEqual([]);
  });
});
