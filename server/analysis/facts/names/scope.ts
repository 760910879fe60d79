/** What each name in a file is bound to, and where. Bindings are kept in source order, without flow. */
import type {
  Block,
  Call,
  Expression,
  FunctionNode,
  ImportedName,
  Parameter,
  Statement,
  StatementOf,
} from "../../syntax/ast.ts";
import type { Part } from "./part.ts";
import type { Reads } from "./reads.ts";

/** A statement of which one branch or another runs, and the block that it stands in. */
export interface Branching {
  readonly statement: StatementOf<"if">;
  readonly block: Block;
}

/** Where a binding stands: in which block of its scope, and in which loops and branches there, outermost first. */
export interface Position {
  readonly scope: Scope;
  readonly statement: Statement | null;
  /** A `with` adds no block of its own: what it holds always runs. */
  readonly block: Block;
  readonly loops: readonly Statement[];
  readonly branchings: readonly Branching[];
}

export type Binding = Position &
  (
    | { readonly kind: "value"; readonly value: Expression; readonly path: readonly number[] }
    /** An element of `iterable`: a `for` target, or a name in a comprehension. */
    | { readonly kind: "element"; readonly iterable: Expression; readonly path: readonly number[] }
    | { readonly kind: "context"; readonly value: Expression; readonly path: readonly number[] }
    | { readonly kind: "parameter"; readonly parameter: Parameter; readonly index: number }
    | { readonly kind: "import"; readonly name: string; readonly node: ImportedName }
    | { readonly kind: "function"; readonly info: FunctionInfo }
    | { readonly kind: "class"; readonly info: ClassInfo }
    | { readonly kind: "unknown" }
  );

/** A name in a scope, an attribute of such a name (`args.clip`), or an attribute of a class's instances (`self.opt`). */
export class Variable {
  readonly name: string;
  readonly scope: Scope | null;
  readonly owner: ClassInfo | Variable | null;
  readonly bindings: Binding[] = [];
  /** What was put into it: `x[k] = value`, `x.append(value)`. `key` is the literal subscript, where there is one. */
  readonly contents: { readonly binding: Binding; readonly key: string | number | null }[] = [];
  readonly attributes = new Map<string, Variable>();

  constructor(name: string, scope: Scope | null, owner: ClassInfo | Variable | null = null) {
    this.name = name;
    this.scope = scope;
    this.owner = owner;
  }

  attribute(name: string): Variable {
    let found = this.attributes.get(name);
    if (!found) {
      found = new Variable(name, this.scope, this);
      this.attributes.set(name, found);
    }
    return found;
  }
}

export interface FunctionInfo {
  readonly node: FunctionNode;
  readonly name: string;
  readonly scope: Scope;
  readonly owner: ClassInfo | null;
  readonly returns: Expression[];
  /** A generator's call runs nothing by itself. */
  yields: boolean;
}

export interface ClassInfo {
  readonly node: StatementOf<"class">;
  readonly scope: Scope;
  readonly methods: Map<string, FunctionInfo>;
  readonly attributes: Map<string, Variable>;
}

export class Scope {
  readonly kind: "module" | "function" | "class" | "comprehension";
  readonly parent: Scope | null;
  readonly variables = new Map<string, Variable>();
  /** Modules whose names were all imported here (`from torch.optim import *`). */
  readonly wildcards: string[] = [];
  readonly outer = new Set<string>();
  /** Of the linted module: notes what is looked up, and what was found. */
  noted: Reads | null = null;
  info: FunctionInfo | null = null;
  owner: ClassInfo | null = null;

  constructor(kind: Scope["kind"], parent: Scope | null) {
    this.kind = kind;
    this.parent = parent;
  }

  clear(): void {
    this.variables.clear();
    this.wildcards.length = 0;
    this.outer.clear();
  }

  variable(name: string): Variable {
    let found = this.variables.get(name);
    if (!found) {
      found = new Variable(name, this);
      this.variables.set(name, found);
    }
    return found;
  }

  /** The variable that `name` means here, by Python's rules: a class body's names are not seen from its methods. */
  lookup(name: string): Variable | null {
    for (let scope: Scope | null = this; scope; scope = scope.parent) {
      if (scope.kind === "class" && scope !== this) continue;
      if (scope.outer.size > 0 && scope.outer.has(name)) continue;
      const found = scope.own(name);
      if (found) return found;
    }
    return null;
  }

  /** The variable of that name of this very scope. */
  own(name: string): Variable | undefined {
    const found = this.variables.get(name);
    this.noted?.variable(name, found);
    return found;
  }

  /** The function (or module) whose frame holds this scope's names; comprehensions live in their function's. */
  get home(): Scope {
    let scope: Scope = this;
    while (scope.kind === "comprehension" && scope.parent) scope = scope.parent;
    return scope;
  }

  /** The module that holds this scope. */
  get module(): Scope {
    let scope: Scope = this;
    while (scope.parent) scope = scope.parent;
    return scope;
  }

  /** The instance's name in a method (`self`), else null. */
  get self(): string | null {
    const info = this.home.info;
    if (!info?.owner || info.node.kind !== "function") return null;
    const decorated = info.node.decorators.some((d) => d.kind === "name" && d.id === "staticmethod");
    return decorated ? null : (info.node.parameters[0]?.name ?? null);
  }
}

export interface CallSite {
  readonly call: Call;
  readonly scope: Scope;
  readonly statement: Statement;
}

export interface Names {
  readonly module: Scope;
  /** What the top-level statements add, one by one; all below is these together. */
  readonly parts: readonly Part[];
  readonly functions: readonly FunctionInfo[];
  readonly classes: readonly ClassInfo[];
  /** Calls by the last part of what is called: `step` for `self.optimizer.step()`. */
  readonly calls: ReadonlyMap<string, readonly CallSite[]>;
  readonly imports: readonly { readonly name: string; readonly node: ImportedName; readonly scope: Scope }[];
  /** The modules of `from m import *`, with their leading dots. */
  readonly wildcards: readonly string[];
  /** The functions that change gradients by hand. */
  readonly changesGradients: readonly FunctionInfo[];
  /** The scope that a comprehension or lambda opens, and the function's for a definition. */
  readonly scopes: Pick<ReadonlyMap<object, Scope>, "get">;
}
