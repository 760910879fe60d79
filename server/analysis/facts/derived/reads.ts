/** What a file reads by name, and where it lets go of an object as a whole. */
import {
  type Argument,
  blocksOf,
  type Call,
  childrenOf,
  type Expression,
  expressionsOf,
  rangeOf,
  type Statement,
} from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Facts } from "../facts.ts";
import type { Scope } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Value } from "../values/value.ts";

interface Use {
  readonly node: Expression;
  readonly scope: Scope;
  readonly parent: Use | null;
  readonly statement: Statement;
  /** It is written to. */
  readonly stored: boolean;
}

/** Calls that only look at what they are given, or write it down. */
const LOOKS_ON = /^(print|pprint|str|repr|isinstance|type|id|info|debug|warning|log)$/;
const WRITES_DOWN =
  /^(wandb|mlflow|neptune|comet_ml|clearml|json|yaml|pickle|pprint|logging|tensorboardX|torch\.save|torch\.utils\.tensorboard|accelerate\.Accelerator\(\)\.init_trackers)(\.|\(|$)/;

export class Reads {
  readonly #facts: Facts;
  #all: readonly Use[] | null = null;
  readonly #scopes: ReadonlyMap<Statement, Scope>;
  /** Not all of the file could be read. */
  readonly broken: boolean;

  constructor(facts: Facts) {
    this.#facts = facts;
    this.#scopes = new Map(facts.names.classes.map(({ node, scope }) => [node, scope]));
    this.broken = facts.statements.some((statement) => namesRead(statement).broken);
  }

  /** Kept only where they are asked for: most settings are told from the names alone. */
  #uses(): readonly Use[] {
    if (this.#all) return this.#all;
    const all: Use[] = [];
    this.#all = all;
    for (const statement of this.#facts.statements) this.#statement(statement, this.#facts.names.module, all);
    return all;
  }

  /** Something reads a variable, an attribute or a key of this name, other than to store it under the same name. */
  of(name: string, within?: Statement): boolean {
    if (this.broken || !within)
      return this.broken || this.#facts.statements.some((at) => namesRead(at).names.has(name));
    return this.#uses().some(({ node, stored }) => !stored && lastPart(node) === name && contains(within, node));
  }

  /** Objects of this kind are in the file, and all of them stay: nothing but their attributes is read elsewhere. */
  staysHere(isHeld: (value: Value) => boolean): boolean {
    const { values } = this.#facts;
    const held = this.#uses().filter(
      ({ node, scope, stored }) =>
        !stored &&
        (node.kind === "name" || node.kind === "attribute" || node.kind === "call") &&
        values.evaluate(node, values.frames.of(scope), scope).some(isHeld),
    );
    return !this.broken && held.length > 0 && held.every((use) => this.#stays(use));
  }

  #statement(statement: Statement, scope: Scope, uses: Use[]): void {
    const written = targetsOf(statement);
    for (const expression of expressionsOf(statement))
      this.#expression(expression, scope, null, statement, written, uses);
    const inner =
      statement.kind === "function"
        ? this.#facts.names.scopes.get(statement)
        : statement.kind === "class"
          ? this.#scopes.get(statement)
          : scope;
    for (const block of blocksOf(statement)) for (const within of block) this.#statement(within, inner ?? scope, uses);
  }

  #expression(
    node: Expression,
    scope: Scope,
    parent: Use | null,
    statement: Statement,
    written: ReadonlySet<Expression>,
    uses: Use[],
  ): void {
    const use = { node, scope, parent, statement, stored: written.has(node) };
    uses.push(use);
    const inner = this.#facts.names.scopes.get(node) ?? scope;
    for (const child of childrenOf(node)) this.#expression(child, inner, use, statement, written, uses);
    if (node.kind === "lambda") this.#expression(node.body, inner, use, statement, written, uses);
  }

  #stays(use: Use): boolean {
    const { node, scope, parent, statement } = use;
    if (!parent) {
      // `args = parser.parse_args()`; a bare call; what a function of this file returns to this file.
      if (statement.kind === "assign" || statement.kind === "expression") return true;
      return statement.kind === "return" && this.#facts.values.callers.of(scope.home).length > 0;
    }
    const outer = parent.node;
    if (outer.kind === "attribute" && !outer.name.startsWith("_")) return true;
    if (outer.kind === "call" && (outer.callee === node || this.#isTaken(node, outer, scope))) return true;
    if (outer.kind === "subscript" && outer.object === node) return true;
    return this.#isText(outer) || this.#isWrittenDown(parent);
  }

  #isText(node: Expression): boolean {
    const { start } = rangeOf(node);
    return node.kind === "other" && /^\w{0,2}["']/.test(this.#facts.text.slice(start, start + 3));
  }

  /** In `json.dump(vars(args))`, `torch.save({"args": args}, path)`. */
  #isWrittenDown({ node, scope, parent }: Use): boolean {
    if (node.kind === "call") {
      const { values } = this.#facts;
      const called = values.evaluate(node.callee, values.frames.of(scope), scope);
      if (called.some((value) => value.kind === "external" && WRITES_DOWN.test(value.name))) return true;
      if (!called.some((value) => value.kind === "external" && /^builtins\.(vars|dict|str)$/.test(value.name)))
        return false;
    } else if (node.kind !== "dict" && !(node.kind === "attribute" && node.name === "__dict__")) return false;
    return parent !== null && this.#isWrittenDown(parent);
  }

  /** By a function of this file, as one argument. */
  #isTaken(node: Expression, call: Expression & { kind: "call" }, scope: Scope): boolean {
    const argument = call.arguments.find(({ value }) => value === node);
    if (argument?.stars !== 0) return false;
    const name = lastPart(call.callee);
    if (LOOKS_ON.test(name)) return true;
    if (/^(get|has)attr$/.test(name)) return call.arguments[1]?.value.kind === "string";
    const { values } = this.#facts;
    const targets = values.evaluate(call.callee, values.frames.of(scope), scope);
    return targets.length > 0 && targets.every((value) => this.#isHere(value));
  }

  #isHere(value: Value): boolean {
    if (value.kind !== "function" && !(value.kind === "class" && value.info.methods.has("__init__"))) return false;
    return this.#facts.values.imports.isHere(value.info.scope);
  }
}

/** Something reads the name, or what reads it can't be told. */
export const isRead = (statements: readonly Statement[], name: string): boolean =>
  statements.some((statement) => namesRead(statement).broken || namesRead(statement).names.has(name));

interface NamesRead {
  readonly names: Set<string>;
  /** Not all of it could be read. */
  broken: boolean;
}

/** What a top-level statement reads, by name: kept while it stays. */
const namesRead = once((top: Statement): NamesRead => {
  const read: NamesRead = { names: new Set(), broken: false };
  noteStatement(top, read);
  return read;
});

function noteStatement(statement: Statement, read: NamesRead): void {
  if (statement.kind === "other" && statement.broken) read.broken = true;
  const written = targetsOf(statement);
  for (const expression of expressionsOf(statement)) noteExpression(expression, null, statement, written, read);
  for (const block of blocksOf(statement)) for (const within of block) noteStatement(within, read);
}

function noteExpression(
  node: Expression,
  parent: Expression | null,
  statement: Statement,
  written: ReadonlySet<Expression>,
  read: NamesRead,
): void {
  if (node.kind === "other" && node.broken) read.broken = true;
  if (!written.has(node) && !isRenaming(node, statement)) {
    if (node.kind === "name") read.names.add(node.id);
    if (node.kind === "attribute") read.names.add(node.name);
    const declares = parent?.kind === "call" && declaresOption(parent);
    if (node.kind === "string" && !declares) read.names.add(node.value);
  }
  for (const child of childrenOf(node)) noteExpression(child, node, statement, written, read);
  if (node.kind === "lambda") noteExpression(node.body, node, statement, written, read);
}

/** `parser.add_argument("--clip", …)`, `@click.option("--clip", "limit", …)`: the names in there are no reads. */
function declaresOption({ callee, arguments: given }: Call): boolean {
  const isFlag = ({ value }: Argument) => value.kind === "string" && value.value.startsWith("-");
  return lastPart(callee) === "add_argument" || (lastPart(callee) === "option" && given.some(isFlag));
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
