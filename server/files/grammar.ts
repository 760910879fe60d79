import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GrammarBytes } from "../analysis/index.ts";

/** Reads the parser and its grammar from beside the bundle that this code ends up in. */
export async function readGrammar(folder = import.meta.dirname): Promise<GrammarBytes> {
  const [runtime, python] = await Promise.all([
    readFile(join(folder, "web-tree-sitter.wasm")),
    readFile(join(folder, "tree-sitter-python.wasm")),
  ]);
  return { runtime, python };
}
