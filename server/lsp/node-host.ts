import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadAnalyser } from "../analysis/index.ts";
import { Environments, REQUIREMENT_FILES } from "../environment/environments.ts";
import { readGrammar } from "../files/grammar.ts";
import { isWithin } from "../files/module-path.ts";
import { readSource } from "../files/source.ts";
import { readTextIfPresent } from "../files/text-file.ts";
import { FileWorkspace, repositoryOf } from "../files/workspace.ts";
import { startHub } from "../hub/host.ts";
import type { Host } from "./host.ts";

/** Everything that the language server asks of Node. Grammar and hub worker lie beside the bundle. */
export function nodeHost(): Host {
  return {
    watched: REQUIREMENT_FILES,
    async loadAnalyser() {
      return loadAnalyser(await readGrammar());
    },
    async readText(uri) {
      if (!uri.startsWith("file:")) throw new Error(`${uri} is not open, and not a file that could be read.`);
      const path = fileURLToPath(uri);
      try {
        return (await readSource(path)).text;
      } catch (error) {
        throw new Error(`${path}: ${(error as Error).message}`);
      }
    },
    pathOf,
    uriOf: (path) => pathToFileURL(path).href,
    readTextIfPresent,
    savedText(path) {
      try {
        const bytes = readFileSync(path);
        const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
        return { text, modified: statSync(path).mtimeMs / 1000, hash: hashOf(bytes) };
      } catch {
        return null;
      }
    },
    hash: hashOf,
    isFile(uri, path) {
      return uri.startsWith("file:") && realPath(fileURLToPath(uri)) === realPath(path);
    },
    importedFiles(folders, open) {
      let roots = innermostFirst(folders);
      const rootOf = (path: string) =>
        roots.find((folder) => isWithin(path, folder)) ?? repositoryOf(path) ?? dirname(path);
      const files = new FileWorkspace({ rootOf, open });
      const environments = new Environments();
      return {
        origin(path) {
          const versions = { get: (distribution: string) => environments.of(path).get(distribution) };
          return { ...files.origin(path), versions };
        },
        select: (path, interpreter) => environments.select(path, interpreter),
        within(others) {
          roots = innermostFirst(others);
          files.refresh();
        },
        refresh() {
          files.refresh();
          environments.forget();
        },
      };
    },
    startHub(options) {
      return startHub({ ...options, workerFile: join(import.meta.dirname, "hub.mjs") });
    },
  };
}

const innermostFirst = (folders: readonly string[]) => folders.map(realPath).sort((a, b) => b.length - a.length);

function pathOf(uri: string): string | null {
  try {
    return uri.startsWith("file:") ? fileURLToPath(uri) : null;
  } catch {
    // A host or a drive that this platform has not.
    return null;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return resolve(path);
  }
}

const hashOf = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
