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
  readonly #asked = new Map<string, { name: string; from: string; answer: WorkspaceModule | null }>();

  constructor(origin: Origin, grammar: Grammar) {
    this.path = origin.path;
    this.#origin = origin;
    this.#grammar = grammar;
  }

  module(name: string, from: string): ImportedModule | null {
    const key = `${from}\0${name}`;
    let asked = this.#asked.get(key);
    if (!asked) {
      asked = { name, from, answer: this.#origin.workspace.resolve(name, from) };
      this.#asked.set(key, asked);
    }
    return asked.answer && parsed(asked.answer, this.#grammar);
  }

  moduleAt(offset: number): ImportedModule | null {
    for (const { answer } of this.#asked.values()) {
      const module = answer && parsed(answer, this.#grammar);
      if (module && module.base <= offset && offset <= module.base + module.text.length) return module;
    }
    return null;
  }

  /** All that was asked for is still what it was. */
  isCurrent(): boolean {
    for (const { name, from, answer } of this.#asked.values())
      if (this.#origin.workspace.resolve(name, from) !== answer) return false;
    return true;
  }
}

/** What any code that trains, builds an optimizer or changes gradients mentions. */
const MATTERS = /\bstep\b|_step\b|optim|clip|clamp_|backward|\.grad\b|gradient|value_and_grad|apply_updates/i;

const known = new WeakMap<WorkspaceModule, ImportedModule>();

function parsed(module: WorkspaceModule, grammar: Grammar): ImportedModule {
  let found = known.get(module);
  if (!found) {
    found = new Parsed(module, grammar);
    known.set(module, found);
  }
  return found;
}

/** Where the next module's stretch of offsets starts. */
let free = ELSEWHERE;

class Parsed implements ImportedModule {
  readonly base = free;
  readonly path: string;
  readonly text: string;
  readonly matters: boolean;
  readonly #grammar: Grammar;
  #names: Names | null = null;

  constructor({ path, text }: WorkspaceModule, grammar: Grammar) {
    this.path = path;
    this.text = text;
    this.matters = MATTERS.test(text);
    this.#grammar = grammar;
    free += text.length + 1;
  }

  get names(): Names {
    if (!this.#names) {
      const document = new Document(this.#grammar, this.text, this);
      this.#names = new ModuleNames().of(document.statements());
      document.dispose();
    }
    return this.#names;
  }
}
