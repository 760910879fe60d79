/** Finds the names, scopes, calls and imports of a top-level statement in one walk. */
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
import { assignsGrad, changesGrad, handsGradOn, zeroesGrad } from "./by-hand.ts";
import { descentsIn } from "./descents.ts";
import { emptyPart, type Part, put, type Write, type Written } from "./part.ts";
import {
  type Binding,
  type Branching,
  type ClassInfo,
  type FunctionInfo,
  type Position,
  Scope,
  Variable,
} from "./scope.ts";

/** `body` is the block of the module that the statement stands in. */
export function collectPart(statement: Statement, module: Scope, body: Block): Part {
  return new Collector(module, body).collect(statement);
}

/** A variable of what is collected, or the way to one of the module, whose scope other statements fill, too. */
type Place = Variable | Write["path"];

class Collector {
  readonly #part = emptyPart();
  readonly #module: Scope;
  /** Written to names that were not bound yet when they were come across. */
  readonly #unbound: { readonly target: Expression; readonly scope: Scope; readonly written: Written }[] = [];
  #within: Block;
  #loops: readonly Statement[] = [];
  #branchings: readonly Branching[] = [];

  constructor(module: Scope, body: Block) {
    this.#module = module;
    this.#within = body;
  }

  collect(statement: Statement): Part {
    this.#statement(statement, this.#module);
    for (const { target, scope, written } of this.#unbound) {
      const place = this.#place(target, scope);
      if (place && place !== "unbound") this.#put(place, written);
      else this.#part.module.writes.push({ path: pathOf(target), written, ifBound: true });
    }
    return this.#part;
  }

  #block(block: Block, scope: Scope): void {
    for (const statement of block) this.#statement(statement, scope);
  }

  #statement(statement: Statement, scope: Scope): void {
    for (const expression of expressionsOf(statement)) this.#expression(expression, scope, statement);
    if (assignsGrad(statement) || zeroesGrad(statement) || handsGradOn(statement)) this.#noteGradients(scope);
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
          this.#name(statement.targets[0].id, { kind: "unknown", ...this.#at(scope, statement) });
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
          if (target) this.#bind(target, { kind: "context", value: context, path: [], ...this.#at(scope, statement) });
        break;
      case "global":
        for (const name of statement.names) this.#declareOuter(name, scope.home);
        break;
      case "import":
        for (const node of statement.names) {
          const name = node.alias ? node.name : (node.name.split(".")[0] ?? node.name);
          this.#import(node.alias ?? name, name, node, scope, statement);
          if (!node.alias) this.#part.imports.push({ name: node.name, node, scope });
        }
        break;
      case "import-from":
        if (statement.wildcard)
          (scope.home === this.#module ? this.#part.module : scope.home).wildcards.push(statement.module);
        for (const node of statement.names)
          this.#import(node.alias ?? node.name, memberOf(statement.module, node.name), node, scope, statement);
        if (statement.wildcard) this.#part.wildcards.push(statement.module);
        break;
      case "return":
        if (statement.value) scope.home.info?.returns.push(statement.value);
        break;
    }
    const [block, loops, branchings] = [this.#within, this.#loops, this.#branchings];
    if (statement.kind === "for" || statement.kind === "while") this.#loops = [...loops, statement];
    if (statement.kind === "for" && descentsIn(statement).size > 0) this.#noteGradients(scope);
    if (statement.kind === "if") this.#branchings = [...branchings, { statement, block }];
    for (const inner of blocksOf(statement)) {
      if (statement.kind !== "with") this.#within = inner;
      this.#block(inner, scope);
    }
    this.#within = block;
    this.#loops = loops;
    this.#branchings = branchings;
  }

  /** Every function around the place changes gradients, or takes a step along them, by itself or by what it defines. */
  #noteGradients(scope: Scope): void {
    for (let at: Scope | null = scope; at; at = at.parent) if (at.info) this.#part.changesGradients.add(at.info);
  }

  #at(scope: Scope, statement: Statement | null): Position {
    return { scope, statement, block: this.#within, loops: this.#loops, branchings: this.#branchings };
  }

  /** A body with names of its own: what is around it counts no more. */
  #enter(body: Block, scope: Scope): void {
    const [block, loops, branchings] = [this.#within, this.#loops, this.#branchings];
    this.#within = body;
    this.#loops = [];
    this.#branchings = [];
    this.#block(body, scope);
    this.#within = block;
    this.#loops = loops;
    this.#branchings = branchings;
  }

  #import(local: string, name: string, node: ImportedName, scope: Scope, statement: Statement): void {
    this.#name(local, { kind: "import", name, node, ...this.#at(scope, statement) });
    if (node.alias) this.#part.aliases.push({ local, original: name.slice(name.lastIndexOf(".") + 1) });
    this.#part.imports.push({ name, node, scope });
  }

  #function(statement: StatementOf<"function">, scope: Scope): void {
    const owner = scope.kind === "class" ? scope.owner : null;
    const info = this.#define(statement, statement.name, scope, owner);
    this.#name(statement.name, { kind: "function", info, ...this.#at(scope, statement) });
    if (owner && !owner.methods.has(statement.name)) owner.methods.set(statement.name, info);
    this.#enter(statement.body, info.scope);
  }

  #define(node: FunctionNode, name: string, scope: Scope, owner: ClassInfo | null): FunctionInfo {
    const inner = new Scope("function", scope);
    const info: FunctionInfo = { node, name, scope: inner, owner, returns: [], yields: false };
    inner.info = info;
    this.#part.functions.push(info);
    this.#part.scopes.set(node, inner);
    node.parameters.forEach((parameter, index) => {
      const binding: Binding = {
        kind: "parameter",
        parameter,
        index,
        scope: inner,
        statement: null,
        block: [],
        loops: [],
        branchings: [],
      };
      inner.variable(parameter.name).bindings.push(binding);
    });
    return info;
  }

  #class(statement: StatementOf<"class">, scope: Scope): void {
    const inner = new Scope("class", scope);
    const info: ClassInfo = { node: statement, scope: inner, methods: new Map(), attributes: new Map() };
    inner.owner = info;
    this.#part.classes.push(info);
    this.#name(statement.name, { kind: "class", info, ...this.#at(scope, statement) });
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
        const info = this.#define(expression, "<lambda>", scope, null);
        info.returns.push(expression.body);
        this.#expression(expression.body, info.scope, statement);
        return;
      }
      case "comprehension": {
        const inner = new Scope("comprehension", scope);
        this.#part.scopes.set(expression, inner);
        for (const { target, iterable } of expression.clauses)
          this.#bind(target, { kind: "element", iterable, path: [], ...this.#at(inner, statement) });
        for (const child of childrenOf(expression)) this.#expression(child, inner, statement);
        return;
      }
      case "yield":
        if (scope.home.info) scope.home.info.yields = true;
        break;
    }
    for (const child of childrenOf(expression)) this.#expression(child, scope, statement);
  }

  #call(call: Call, scope: Scope, statement: Statement): void {
    if (changesGrad(call) || zeroesGrad(call)) this.#noteGradients(scope);
    const name = lastPart(call.callee);
    const sites = this.#part.calls.get(name);
    if (sites) sites.push({ call, scope, statement });
    else this.#part.calls.set(name, [{ call, scope, statement }]);
    // `optimizers.append(optimizer)` puts an element into a container.
    const first = call.arguments[0];
    if (call.callee.kind === "attribute" && first && (name === "append" || name === "extend")) {
      // Of `groups[0].append(p)`, that it is somewhere in there.
      const { object } = call.callee;
      const holder = object.kind === "subscript" ? object.object : object;
      const binding: Binding =
        name === "append"
          ? { kind: "value", value: first.value, path: [], ...this.#at(scope, statement) }
          : { kind: "element", iterable: first.value, path: [], ...this.#at(scope, statement) };
      this.#write(holder, scope, { content: binding, key: null });
    }
  }

  #declareOuter(name: string, scope: Scope): void {
    if (scope === this.#module) this.#part.module.outer.push(name);
    else scope.outer.add(name);
  }

  /** Binds a name of the binding's own scope. */
  #name(name: string, binding: Binding): void {
    const { scope } = binding;
    this.#put(scope === this.#module ? [name] : scope.variable(name), { binding });
  }

  /** Writes to what an assignment target names. What it is may be known only when all has been read. */
  #write(target: Expression, scope: Scope, written: Written): void {
    const place = this.#place(target, scope);
    if (place === "unbound") this.#unbound.push({ target, scope, written });
    else if (place) this.#put(place, written);
  }

  #put(place: Place, written: Written, ifBound = false): void {
    if (place instanceof Variable) put(place, written);
    else this.#part.module.writes.push({ path: place, written, ifBound });
  }

  /** What an assignment target names; null for what has no name. */
  #place(target: Expression, scope: Scope): Place | "unbound" | null {
    if (target.kind === "name")
      return this.#inside(target.id, scope) ?? (scope.home === this.#module ? [target.id] : "unbound");
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
    const place = this.#place(object, scope);
    if (place === null || place === "unbound") return place;
    return place instanceof Variable ? place.attribute(name) : [...place, name];
  }

  /** The variable of a name, where it isn't the module's. */
  #inside(name: string, scope: Scope): Variable | null {
    const found = scope.lookup(name);
    return found?.scope === this.#module ? null : found;
  }

  #bind(target: Expression, binding: Binding): void {
    if (binding.kind === "value" && binding.path.length === 0) {
      const { value } = binding;
      const wrapped = value.kind === "call" && lastPart(value.callee) === "partial" ? value.arguments[0]?.value : value;
      const [local, original] = [lastPart(target), wrapped ? lastPart(wrapped) : ""];
      if (local !== "" && original !== "") this.#part.aliases.push({ local, original });
    }
    switch (target.kind) {
      case "name": {
        const { scope } = binding;
        const into = scope.kind === "comprehension" && binding.kind !== "element" ? scope.home : scope;
        if (into === this.#module) this.#put([target.id], { binding });
        else if (into.outer.has(target.id)) this.#put(this.#inside(target.id, into) ?? [target.id], { binding });
        else this.#put(into.variable(target.id), { binding });
        return;
      }
      case "attribute":
        this.#write(target, binding.scope, { binding });
        return;
      case "subscript": {
        const index = target.index;
        const key = index?.kind === "string" || index?.kind === "number" ? index.value : null;
        this.#write(target.object, binding.scope, { content: binding, key });
        return;
      }
      case "starred":
        this.#bind(target.value, { ...position(binding), kind: "unknown" });
        return;
      case "sequence":
        target.elements.forEach((element, index) => {
          if (binding.kind === "value" || binding.kind === "element" || binding.kind === "context")
            this.#bind(element, { ...binding, path: [...binding.path, index] });
          else this.#bind(element, { ...position(binding), kind: "unknown" });
        });
        return;
    }
  }
}

/** `from . import x` names `.x`, and `from .m import x` names `.m.x`. */
const memberOf = (module: string, name: string) => (module.endsWith(".") ? module + name : `${module}.${name}`);

const position = ({ scope, statement, block, loops, branchings }: Binding): Position => ({
  scope,
  statement,
  block,
  loops,
  branchings,
});

/** `args.clip` as its parts. */
function pathOf(target: Expression): Write["path"] {
  if (target.kind !== "attribute") return [lastPart(target)];
  return [...pathOf(target.object), target.name];
}
