/** Finds and parses what a text imports, and knows when that has changed. */
import { ModuleNames } from "./facts/names/module-names.ts";
import type { Names } from "./facts/names/scope.ts";
import { ELSEWHERE } from "./syntax/ast.ts";
import { Document, type Grammar } from "./syntax/document.ts";
import type { ImportedModule, Importer, Origin, WorkspaceModule } from "./workspace.ts";

export class ModuleImporter implements Importer {
  readonly path: string;
  readonly #origin: Origin;
  readonly #grammar: Grammar;
  /** Answers by the path of the module that asks, and the name. */
  readonly #asked = new Map<string, Map<string, WorkspaceModule | null>>();

  constructor(origin: Origin, grammar: Grammar) {
    this.path = origin.path;
    this.#origin = origin;
    this.#grammar = grammar;
  }

  module(name: string, from: string): ImportedModule | null {
    let asked = this.#asked.get(from);
    if (!asked) {
      asked = new Map();
      this.#asked.set(from, asked);
    }
    let answer = asked.get(name);
    if (answer === undefined) {
      answer = this.#origin.workspace.resolve(name, from);
      asked.set(name, answer);
    }
    return answer && readable(answer, this.#grammar);
  }

  file(path: string): WorkspaceModule | null {
    return this.#origin.workspace.file?.(path, this.path) ?? null;
  }

  moduleAt(offset: number): ImportedModule | null {
    for (const asked of this.#asked.values())
      for (const answer of asked.values()) {
        const module = answer && readable(answer, this.#grammar);
        if (module && module.base <= offset && offset <= module.base + module.text.length) return module;
      }
    return null;
  }

  /** All that was asked for is still what it was. */
  isCurrent(): boolean {
    for (const [from, asked] of this.#asked)
      for (const [name, answer] of asked) if (this.#origin.workspace.resolve(name, from) !== answer) return false;
    return true;
  }
}

const STARS = /^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+\*/gm;

/** The texts of the modules that a text imports all names of, and of those that they do, without parsing any. */
export function starred(text: string, importer: Importer, from = importer.path, found = new Set<string>()): string[] {
  return [...text.matchAll(STARS)].flatMap(([, name]) => {
    const module = name === undefined ? null : importer.module(name, from);
    if (!module || found.has(module.path)) return [];
    found.add(module.path);
    return [module.text, ...starred(module.text, importer, module.path, found)];
  });
}

/**
 * What any code that trains, builds an optimizer or changes gradients mentions. What else goes by these words (a
 * scheduler's step, CLIP, "optimized for", gradient checkpointing) is in most files of a large project, each of which
 * would be parsed for those that import it.
 */
const MATTERS = new RegExp(
  [
    /(?<!scheduler)\.step(?!s\b)|(?<![\w.])step\(|(?<!\bmark)_step\(/,
    /[oO]ptim(?!al|i[sz]ed\b|i[sz]ations?\b(?! import))|OPTIM/,
    /[cC]lip_?(?:[gG]rad|[nN]orm|[vV]al|[tT]hresh|[bB]y)|[gG]rad\w*[cC]lip|(?<=[._"']|--)clip\b(?![-(])|\bclip\s*[=:]/,
    /(?<![\w.])clip\(|_CLIP|CLIP_|\bCLIP\s*[=:]|clamp_/,
    /[bB]ackward(?!s| compat)|\.grad\b|[gG]radient(?!_checkpoint| checkpoint)|GRADIENT|value_and_grad|apply_updates/,
    /TrainState/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

const known = new WeakMap<WorkspaceModule, ReadModule>();

function readable(module: WorkspaceModule, grammar: Grammar): ImportedModule {
  let found = known.get(module);
  if (!found) {
    found = new ReadModule(module, grammar);
    known.set(module, found);
  }
  return found;
}

/** Where the next module's stretch of offsets starts. */
let free = ELSEWHERE;

class ReadModule implements ImportedModule {
  readonly base = free;
  readonly path: string;
  readonly text: string;
  readonly importsAll: boolean;
  readonly #grammar: Grammar;
  readonly #passesOn: boolean;
  readonly #mentioned = new Map<string, boolean>();
  readonly #definitions = new Map<string, boolean>();
  #matters: boolean | null = null;

  constructor({ path, text }: WorkspaceModule, grammar: Grammar) {
    this.path = path;
    this.text = text;
    this.#passesOn = /\bimport\b/.test(text);
    this.importsAll = text.includes("import *");
    this.#grammar = grammar;
    free += text.length + 1;
  }

  get matters(): boolean {
    this.#matters ??= MATTERS.test(this.text);
    return this.#matters;
  }

  mentions(name: string): boolean {
    return remembered(this.#mentioned, name, () => this.text.includes(name));
  }

  mayPassOn(name: string): boolean {
    const isDefined = () => new RegExp(`^(?:class|def|async def) ${name}\\b|^${name}\\s*[:=]`, "m").test(this.text);
    return this.#passesOn && !remembered(this.#definitions, name, isDefined);
  }

  get names(): Names {
    return lastRead.take(this) ?? lastRead.keep(this, this.#read());
  }

  #read(): Names {
    const document = new Document(this.#grammar, this.text, this);
    const names = new ModuleNames().of(document.statements());
    document.dispose();
    return names;
  }
}

function remembered<Key, Answer>(answers: Map<Key, Answer>, key: Key, find: () => Answer): Answer {
  let answer = answers.get(key);
  if (answer === undefined) {
    answer = find();
    answers.set(key, answer);
  }
  return answer;
}

/** Characters of modules whose names are kept; names take some forty times the room of their text. */
const MAX_READ = 8_000_000;

/** The names of the modules that were read last: other files import the same ones. */
class LastRead {
  /** By path, so that a text which is edited is kept but once. */
  readonly #read = new Map<string, { readonly module: ImportedModule; readonly names: Names }>();
  #length = 0;

  take(module: ImportedModule): Names | null {
    const read = this.#read.get(module.path);
    if (read?.module !== module) return null;
    this.#read.delete(module.path);
    this.#read.set(module.path, read);
    return read.names;
  }

  keep(module: ImportedModule, names: Names): Names {
    this.#forget(module.path);
    this.#read.set(module.path, { module, names });
    this.#length += module.text.length;
    for (const oldest of this.#read.keys()) {
      if (this.#length <= MAX_READ || oldest === module.path) break;
      this.#forget(oldest);
    }
    return names;
  }

  #forget(path: string): void {
    this.#length -= this.#read.get(path)?.module.text.length ?? 0;
    this.#read.delete(path);
  }
}

const lastRead = new LastRead();
