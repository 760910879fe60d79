import type { Connection } from "vscode-languageserver";
import { READ_FILE_METHOD, type ReadFileParams, readFileResult } from "../../protocol/lsp.ts";
import { loadAnalyser } from "../analysis/index.ts";
import type { Host } from "../lsp/host.ts";
import { pathOfUri, uriOfPath } from "./file-uri.ts";

/**
 * A web worker sees no disk: the client reads files for it. That takes a while, and the analyser doesn't wait, so imports are
 * not followed; what they do is unknown, and unknown means silence.
 */
export function webHost(connection: Pick<Connection, "sendRequest">): Host {
  const read = async (uri: string) => {
    const answer = await connection.sendRequest(READ_FILE_METHOD, { uri } satisfies ReadFileParams);
    return readFileResult(answer).text;
  };
  return {
    watched: ["**/pyproject.toml"],
    async loadAnalyser(grammar) {
      if (grammar === null) throw new Error("the client did not say where it is");
      const [runtime, python] = await Promise.all(
        ["web-tree-sitter.wasm", "tree-sitter-python.wasm"].map((name) => bytesAt(`${grammar}/${name}`)),
      );
      return loadAnalyser({ runtime: runtime!, python: python! });
    },
    async readText(uri) {
      const text = await read(uri);
      if (text === null) throw new Error(`${uri} is not open, and could not be read.`);
      return text;
    },
    pathOf: pathOfUri,
    uriOf: uriOfPath,
    readTextIfPresent: (path) => read(uriOfPath(path)),
    savedText: () => null,
    hash: () => "",
    isFile: () => false,
    importedFiles: () => ({
      origin: (path) => ({ path, workspace: { resolve: () => null } }),
      select() {},
      within() {},
      refresh() {},
    }),
    async startHub() {
      throw new Error("Runs are recorded where Python runs, and a browser has none.");
    },
  };
}

async function bytesAt(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
