/** What a file reads by name, and where it lets go of an object as a whole. */
import {
  type Block,
  blocksOf,
  childrenOf,
  type Expression,
  expressionsOf,
  rangeOf,
  type Statement,
} from "../syntax/ast.ts";
import { lastPart } from "../syntax/call.ts";
import type { Facts } from "./facts.ts";
import type { Scope } from "./scope.ts";
import type { Value } from "./value.ts";

interface Use {
  readonly node: Expression;
  readonly scope: Scope;
  readonly parent: Expression | null;
  readonly statement: Statement;
  /** It is written to. */
  readonly stored: boolean;
}

/** Calls that only look at what they are given. */
const LOOKS_ON = /^(print|pprint|str|repr|isinstance|hasattr|getattr|type|id|info|debug|warning|log)$/;

export class Uses {
  readonly #facts: Facts;
  readonly #all: Use[] = [];
  readonly #read = new Set<string>();
  /** Not all of the file could be read. */
  broken = false;

  constructor(facts: Facts) {
    this.#facts = facts;
    this.#block(facts.statements, facts.names.module);
    for (const use of this.#all) this.#note(use);
  }

  /** Something reads a variable, an attribute or a key of this name, other than to store it under the same name. */
  reads(name: string, within?: Statement): boolean {
    if (this.broken || !this.#read.has(name) || !within) return this.broken || this.#read.has(name);
    return this.#all.some(({ node, stored }) => !stored && lastPart(node) === name && contains(within, node));
  }

  /** Objects of this kind are in the file, and all of them stay: nothing but their attributes is read elsewhere. */
  keeps(isHeld: (value: Value) => boolean): boolean {
    const { values } = this.#facts;
    const held = this.#all.filter(
      ({ node, scope, stored }) =>
        !stored &&
        (node.kind === "name" || node.kind === "attribute" || node.kind === "call") &&
        values.evaluate(node, values.frames.of(scope), scope).some(isHeld),
    );
    return !this.broken && held.length > 0 && held.every((use) => this.#stays(use));
  }

  #block(block: Block, scope: Scope): void {
    for (const statement of block) this.#statement(statement, scope);
  }

  #statement(statement: Statement, scope: Scope): void {
    if (statement.kind === "other" && statement.broken) this.broken = true;
    const written = targetsOf(statement);
    for (const expression of expressionsOf(statement)) this.#expression(expression, scope, null, statement, written);
    this.#blocksIn(statement, scope);
  }

  #blocksIn(statement: Statement, scope: Scope): void {
    const { names } = this.#facts;
    const inner =
      statement.kind === "function"
        ? names.scopes.get(statement)
        : statement.kind === "class"
          ? names.classes.find(({ node }) => node === statement)?.scope
          : scope;
    for (const block of blocksOf(statement)) this.#block(block, inner ?? scope);
  }

  #expression(
    node: Expression,
    scope: Scope,
    parent: Expression | null,
    statement: Statement,
    written: ReadonlySet<Expression>,
  ): void {
    if (node.kind === "other" && node.broken) this.broken = true;
    this.#all.push({ node, scope, parent, statement, stored: written.has(node) });
    const inner = this.#facts.names.scopes.get(node) ?? scope;
    for (const child of childrenOf(node)) this.#expression(child, inner, node, statement, written);
    if (node.kind === "lambda") this.#expression(node.body, inner, node, statement, written);
  }

  #note({ node, parent, statement, stored }: Use): void {
    if (stored || isRenaming(node, statement)) return;
    if (node.kind === "name") this.#read.add(node.id);
    if (node.kind === "attribute") this.#read.add(node.name);
    const declares = parent?.kind === "call" && lastPart(parent.callee) === "add_argument";
    if (node.kind === "string" && !declares) this.#read.add(node.value);
  }

  #stays({ node, scope, parent, statement }: Use): boolean {
    if (!parent) {
      // `args = parser.parse_args()`; a bare call; what a function of this file returns to this file.
      if (statement.kind === "assign" || statement.kind === "expression") return true;
      return statement.kind === "return" && this.#facts.values.callers.of(scope.home).length > 0;
    }
    // `vars(args)` by another name.
    if (parent.kind === "attribute") return !parent.name.startsWith("_");
    if (parent.kind === "other") return /^\w*["']/.test(this.#facts.text.slice(rangeOf(parent).start).slice(0, 4));
    if (parent.kind === "subscript") return parent.object === node;
    return parent.kind === "call" && (parent.callee === node || this.#isTaken(node, parent, scope));
  }

  /** By a function of this file, as one argument. */
  #isTaken(node: Expression, call: Expression & { kind: "call" }, scope: Scope): boolean {
    const argument = call.arguments.find(({ value }) => value === node);
    if (argument?.stars !== 0) return false;
    if (LOOKS_ON.test(lastPart(call.callee))) return true;
    const { values } = this.#facts;
    const targets = values.evaluate(call.callee, values.frames.of(scope), scope);
    return (
      targets.length > 0 &&
      targets.every(
        (value) => value.kind === "function" || (value.kind === "class" && value.info.methods.has("__init__")),
      )
    );
  }
}

const contains = (outer: Statement, inner: Expression) =>
  outer.anchor === inner.anchor && outer.start <= inner.start && inner.end <= outer.end;

/** `self.clip = clip`, `clip = args.clip`: the same under the same name. */
function isRenaming(node: Expression, statement: Statement): boolean {
  if (statement.kind !== "assign" || statement.value !== node) return false;
  const name = lastPart(node);
  return name !== "" && statement.targets.every((target) => lastPart(target) === name || keyOf(target) === name);
}

const keyOf = (node: Expression) =>
  node.kind === "subscript" && node.index?.kind === "string" ? node.index.value : null;

function targetsOf(statement: Statement): ReadonlySet<Expression> {
  const targets =
    statement.kind === "assign"
      ? [...statement.targets]
      : statement.kind === "for" || statement.kind === "augment"
        ? [statement.target]
        : [];
  for (const target of targets) {
    if (target.kind === "sequence") targets.push(...target.elements);
    if (target.kind === "starred") targets.push(target.value);
  }
  return new Set(targets);
}
