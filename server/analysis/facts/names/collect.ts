/** Finds all names, scopes, calls and imports of a file in one walk. */
import {
  type Block,
  blocksOf,
  type Call,
  childrenOf,
  type Expression,
  expressionsOf,
  type FunctionNode,
  type ImportedName,
  type Statement,
  type StatementOf,
} from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { assignsGrad, changesGrad, zeroesGrad } from "./by-hand.ts";
import {
  type Binding,
  type CallSite,
  type ClassInfo,
  type FunctionInfo,
  type Names,
  type Position,
  Scope,
  Variable,
} from "./scope.ts";

export function collectNames(body: readonly Statement[]): Names {
  return new Collector().collect(body);
}

class Collector {
  readonly #functions: FunctionInfo[] = [];
  readonly #classes: ClassInfo[] = [];
  readonly #calls = new Map<string, CallSite[]>();
  /** Other names of what is called: `import a as b`, `b = x.a`, `b = partial(a)`. */
  readonly #aliases: { readonly local: string; readonly original: string }[] = [];
  readonly #imports: { name: string; node: ImportedName; scope: Scope }[] = [];
  readonly #wildcards: string[] = [];
  readonly #changesGradients = new Set<FunctionInfo>();
  readonly #scopes = new Map<object, Scope>();
  #within: Block = [];
  #loops: readonly Statement[] = [];

  collect(body: readonly Statement[]): Names {
    const module = new Scope("module", null);
    this.#enter(body, module);
    for (const { local, original } of this.#aliases) this.#callAlso(local, original);
    return {
      module,
      functions: this.#functions,
      classes: this.#classes,
      calls: this.#calls,
      imports: this.#imports,
      wildcards: this.#wildcards,
      changesGradients: this.#changesGradients,
      scopes: this.#scopes,
    };
  }

  #block(block: Block, scope: Scope): void {
    for (const statement of block) this.#statement(statement, scope);
  }

  #statement(statement: Statement, scope: Scope): void {
    for (const expression of expressionsOf(statement)) this.#expression(expression, scope, statement);
    if (assignsGrad(statement) || zeroesGrad(statement)) this.#noteGradients(scope);
    switch (statement.kind) {
      case "function":
        this.#function(statement, scope);
        return;
      case "class":
        this.#class(statement, scope);
        return;
      case "assign":
        if (statement.value)
          for (const target of statement.targets)
            this.#bind(target, { kind: "value", value: statement.value, path: [], ...this.#at(scope, statement) });
        else if (scope.kind === "class" && statement.targets[0]?.kind === "name")
          scope.variable(statement.targets[0].id).bindings.push({ kind: "unknown", ...this.#at(scope, statement) });
        break;
      case "augment":
        // `params += [...]`: no longer only what it was.
        this.#bind(statement.target, { kind: "unknown", ...this.#at(scope, statement) });
        break;
      case "for":
        this.#bind(statement.target, {
          kind: "element",
          iterable: statement.iterable,
          path: [],
          ...this.#at(scope, statement),
        });
        break;
      case "with":
        for (const { context, target } of statement.items)
          if (target) this.#bind(target, { kind: "context", value: context, ...this.#at(scope, statement) });
        break;
      case "global":
        for (const name of statement.names) scope.home.outer.add(name);
        break;
      case "import":
        for (const node of statement.names) {
          const name = node.alias ? node.name : (node.name.split(".")[0] ?? node.name);
          this.#import(node.alias ?? name, name, node, scope, statement);
          if (!node.alias) this.#imports.push({ name: node.name, node, scope });
        }
        break;
      case "import-from":
        if (statement.wildcard) scope.home.wildcards.push(statement.module);
        for (const node of statement.names)
          this.#import(node.alias ?? node.name, memberOf(statement.module, node.name), node, scope, statement);
        if (statement.wildcard) this.#wildcards.push(statement.module);
        break;
      case "return":
        if (statement.value) scope.home.info?.returns.push(statement.value);
        break;
    }
    const [block, loops] = [this.#within, this.#loops];
    if (statement.kind === "for" || statement.kind === "while") this.#loops = [...loops, statement];
    for (const inner of blocksOf(statement)) {
      if (statement.kind !== "with") this.#within = inner;
      this.#block(inner, scope);
    }
    this.#within = block;
    this.#loops = loops;
  }

  /** Every function around the place changes gradients, by itself or by what it defines. */
  #noteGradients(scope: Scope): void {
    for (let at: Scope | null = scope; at; at = at.parent) if (at.info) this.#changesGradients.add(at.info);
  }

  #at(scope: Scope, statement: Statement | null): Position {
    return { scope, statement, block: this.#within, loops: this.#loops };
  }

  /** A body with names of its own: what is around it counts no more. */
  #enter(body: Block, scope: Scope): void {
    const [block, loops] = [this.#within, this.#loops];
    this.#within = body;
    this.#loops = [];
    this.#block(body, scope);
    this.#within = block;
    this.#loops = loops;
  }

  #import(local: string, name: string, node: ImportedName, scope: Scope, statement: Statement): void {
    scope.variable(local).bindings.push({ kind: "import", name, node, ...this.#at(scope, statement) });
    if (node.alias) this.#aliases.push({ local, original: name.slice(name.lastIndexOf(".") + 1) });
    this.#imports.push({ name, node, scope });
  }

  #function(statement: StatementOf<"function">, scope: Scope): void {
    const owner = scope.kind === "class" ? scope.owner : null;
    const info = this.#open(statement, statement.name, scope, owner);
    scope.variable(statement.name).bindings.push({ kind: "function", info, ...this.#at(scope, statement) });
    if (owner && !owner.methods.has(statement.name)) owner.methods.set(statement.name, info);
    this.#enter(statement.body, info.scope);
  }

  #open(node: FunctionNode, name: string, scope: Scope, owner: ClassInfo | null): FunctionInfo {
    const inner = new Scope("function", scope);
    const info: FunctionInfo = { node, name, scope: inner, owner, returns: [], yields: false };
    inner.info = info;
    this.#functions.push(info);
    this.#scopes.set(node, inner);
    node.parameters.forEach((parameter, index) => {
      const binding: Binding = {
        kind: "parameter",
        parameter,
        index,
        scope: inner,
        statement: null,
        block: [],
        loops: [],
      };
      inner.variable(parameter.name).bindings.push(binding);
    });
    return info;
  }

  #class(statement: StatementOf<"class">, scope: Scope): void {
    const inner = new Scope("class", scope);
    const info: ClassInfo = { node: statement, scope: inner, methods: new Map(), attributes: new Map() };
    inner.owner = info;
    this.#classes.push(info);
    scope.variable(statement.name).bindings.push({ kind: "class", info, ...this.#at(scope, statement) });
    this.#enter(statement.body, inner);
  }

  #expression(expression: Expression, scope: Scope, statement: Statement): void {
    switch (expression.kind) {
      case "call":
        this.#call(expression, scope, statement);
        break;
      case "walrus":
        this.#bind(expression.target, {
          kind: "value",
          value: expression.value,
          path: [],
          ...this.#at(scope, statement),
        });
        break;
      case "lambda": {
        for (const child of childrenOf(expression)) this.#expression(child, scope, statement);
        const info = this.#open(expression, "<lambda>", scope, null);
        info.returns.push(expression.body);
        this.#expression(expression.body, info.scope, statement);
        return;
      }
      case "comprehension": {
        const inner = new Scope("comprehension", scope);
        this.#scopes.set(expression, inner);
        for (const { target, iterable } of expression.clauses)
          this.#bind(target, { kind: "element", iterable, path: [], ...this.#at(inner, statement) });
        for (const child of childrenOf(expression)) this.#expression(child, inner, statement);
        return;
      }
      case "name":
        if (expression.id === "yield" && scope.home.info) scope.home.info.yields = true;
        break;
    }
    for (const child of childrenOf(expression)) this.#expression(child, scope, statement);
  }

  #call(call: Call, scope: Scope, statement: Statement): void {
    if (changesGrad(call) || zeroesGrad(call)) this.#noteGradients(scope);
    const name = lastPart(call.callee);
    const sites = this.#calls.get(name);
    if (sites) sites.push({ call, scope, statement });
    else this.#calls.set(name, [{ call, scope, statement }]);
    // `optimizers.append(optimizer)` puts an element into a container.
    const first = call.arguments[0];
    if (call.callee.kind === "attribute" && first && (name === "append" || name === "extend")) {
      // Of `groups[0].append(p)`, that it is somewhere in there.
      const { object } = call.callee;
      const holder = this.#place(object.kind === "subscript" ? object.object : object, scope);
      const binding: Binding =
        name === "append"
          ? { kind: "value", value: first.value, path: [], ...this.#at(scope, statement) }
          : { kind: "element", iterable: first.value, path: [], ...this.#at(scope, statement) };
      holder?.contents.push({ binding, key: null });
    }
  }

  #callAlso(local: string, original: string): void {
    const sites = this.#calls.get(local);
    if (sites && local !== original) this.#calls.set(original, [...(this.#calls.get(original) ?? []), ...sites]);
  }

  /** The variable that an assignment target names. */
  #place(target: Expression, scope: Scope): Variable | null {
    if (target.kind === "name") return scope.lookup(target.id) ?? scope.home.variable(target.id);
    if (target.kind !== "attribute") return null;
    const { object, name } = target;
    if (object.kind === "name") {
      // A nested function sees the method's `self`.
      for (let at: Scope | null = scope; at; at = at.parent) {
        const owner = at.info?.owner;
        if (owner && at.self === object.id) {
          let attribute = owner.attributes.get(name);
          if (!attribute) {
            attribute = new Variable(name, null, owner);
            owner.attributes.set(name, attribute);
          }
          return attribute;
        }
      }
    }
    return this.#place(object, scope)?.attribute(name) ?? null;
  }

  #bind(target: Expression, binding: Binding): void {
    if (binding.kind === "value" && binding.path.length === 0) {
      const { value } = binding;
      const wrapped = value.kind === "call" && lastPart(value.callee) === "partial" ? value.arguments[0]?.value : value;
      const [local, original] = [lastPart(target), wrapped ? lastPart(wrapped) : ""];
      if (local !== "" && original !== "") this.#aliases.push({ local, original });
    }
    switch (target.kind) {
      case "name": {
        const { scope } = binding;
        const into = scope.kind === "comprehension" && binding.kind !== "element" ? scope.home : scope;
        const variable = into.outer.has(target.id)
          ? (into.lookup(target.id) ?? root(into).variable(target.id))
          : into.variable(target.id);
        variable.bindings.push(binding);
        return;
      }
      case "attribute":
        this.#place(target, binding.scope)?.bindings.push(binding);
        return;
      case "subscript": {
        const holder = this.#place(target.object, binding.scope);
        const index = target.index;
        const key = index?.kind === "string" || index?.kind === "number" ? index.value : null;
        holder?.contents.push({ binding, key });
        return;
      }
      case "starred":
        this.#bind(target.value, { ...position(binding), kind: "unknown" });
        return;
      case "sequence":
        target.elements.forEach((element, index) => {
          if (binding.kind === "value" || binding.kind === "element")
            this.#bind(element, { ...binding, path: [...binding.path, index] });
          else this.#bind(element, { ...position(binding), kind: "unknown" });
        });
        return;
    }
  }
}

/** `from . import x` names `.x`, and `from .m import x` names `.m.x`. */
const memberOf = (module: string, name: string) => (module.endsWith(".") ? module + name : `${module}.${name}`);

const position = ({ scope, statement, block, loops }: Binding): Position => ({ scope, statement, block, loops });

function root(scope: Scope): Scope {
  let at = scope;
  while (at.parent) at = at.parent;
  return at;
}
