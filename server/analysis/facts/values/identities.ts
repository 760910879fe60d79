/** What is one thing for all who ask, in whatever order: activations, and variables that nothing binds. */
import { type ClassInfo, type Scope, Variable } from "../names/scope.ts";
import { Frames } from "./frames.ts";

export class Identities {
  readonly frames: Frames;
  readonly #free = new Map<string, Variable>();
  /** Attributes that are only read. */
  readonly #read = new WeakMap<Variable, Map<string, Variable>>();

  constructor(module: Scope) {
    this.frames = new Frames(module);
  }

  /** A name that nothing binds, or an attribute that is set in a base which can't be seen: `of` is the topmost class that can. */
  free(name: string, of: ClassInfo | null = null): Variable {
    const key = of ? `${this.frames.id(of)}.${name}` : name;
    let variable = this.#free.get(key);
    if (!variable) {
      variable = new Variable(name, null, of);
      this.#free.set(key, variable);
    }
    return variable;
  }

  /** The attribute that nothing writes to. */
  attribute(of: Variable, name: string): Variable {
    let attributes = this.#read.get(of);
    if (!attributes) {
      attributes = new Map();
      this.#read.set(of, attributes);
    }
    let attribute = attributes.get(name);
    if (!attribute) {
      attribute = new Variable(name, of.scope, of);
      attributes.set(name, attribute);
    }
    return attribute;
  }
}
