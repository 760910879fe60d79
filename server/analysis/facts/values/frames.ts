/** The activations of a file's functions, each made once, so that what was found in one can be kept. */
import type { FunctionInfo, Scope } from "../names/scope.ts";
import type { CallPlace, Frame, Value } from "./value.ts";

export class Frames {
  readonly root: Frame;
  readonly #ids = new Map<object, number>();
  readonly #standalone = new Map<FunctionInfo, Frame>();
  readonly #roots = new Map<Scope, Frame>();
  readonly #interned = new Map<string, Frame>();

  constructor(module: Scope) {
    this.root = this.#rootOf(module);
  }

  /** Each module has an activation of its own. */
  #rootOf(module: Scope): Frame {
    let root = this.#roots.get(module);
    if (!root) {
      root = { scope: module, parent: null, self: null, call: null };
      this.#roots.set(module, root);
    }
    return root;
  }

  /** How much is remembered. */
  get size(): number {
    return this.#ids.size;
  }

  /** A number of its own for each node, frame or other object. */
  id(of: object): number {
    let id = this.#ids.get(of);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(of, id);
    }
    return id;
  }

  /** The frame of a function that is looked at on its own: its parameters are whatever this file passes. */
  standalone(info: FunctionInfo): Frame {
    const known = this.#standalone.get(info);
    if (known) return known;
    const self: Value | null =
      info.owner && info.scope.self !== null
        ? {
            kind: "instance",
            info: info.owner,
            frame: this.of(info.scope.module),
            call: null,
            scope: info.scope.module,
          }
        : null;
    const frame: Frame = { scope: info.scope, parent: this.around(info.scope), self, call: null };
    this.#standalone.set(info, frame);
    return frame;
  }

  /** The frame of what holds a scope's names, looked at on its own. */
  of(scope: Scope): Frame {
    const { home } = scope;
    if (home.info) return this.standalone(home.info);
    return home.parent ? this.of(home.parent) : this.#rootOf(home);
  }

  /** The frame in which a function or class is defined. */
  around(scope: Scope): Frame {
    return this.of(scope.parent ?? scope);
  }

  /** The frame in whose activation `scope`'s names live, seen from `frame`. */
  for(scope: Scope, frame: Frame): Frame {
    const { home } = scope;
    for (let at: Frame | null = frame; at; at = at.parent) if (at.scope === home) return at;
    return this.of(home);
  }

  /** The frame that a call of a function opens; the same call from the same frame opens the same one. */
  enter({ info, frame, self, bound = null }: Value & { kind: "function" }, call: Frame["call"]): Frame {
    return this.#once({ scope: info.scope, parent: frame, self, call, bound });
  }

  /** The same activation with what is known of its instance and of its call. */
  with(frame: Frame, known: Partial<Pick<Frame, "self" | "call">>): Frame {
    return this.#once({ ...frame, ...known });
  }

  /** One object for what is the same: values are kept, and optimizers told apart, by the frame that they live in. */
  #once(frame: Frame): Frame {
    const { scope, parent, self, call, bound } = frame;
    const place = (at: CallPlace | null | undefined) => (at ? `${this.id(at.call)} ${this.id(at.frame)}` : "");
    const key = `${this.id(scope)} ${parent ? this.id(parent) : ""} ${this.#identity(self)} ${place(call)} ${place(bound)}`;
    const known = this.#interned.get(key);
    if (!known) this.#interned.set(key, frame);
    return known ?? frame;
  }

  #identity(self: Value | null): string {
    if (self?.kind !== "instance" && self?.kind !== "class") return "";
    const call = self.kind === "instance" && self.call ? this.id(self.call) : "";
    return `${this.id(self.info)}/${call}/${this.id(self.frame)}`;
  }
}
