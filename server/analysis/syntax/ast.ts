/**
 * Python as plain objects. Offsets count from the start of the top-level statement that a node belongs to, so that an
 * edit above it moves one {@link Anchor} and not every node; {@link rangeOf} gives the place in the text.
 */
import type { TextRange } from "../finding.ts";

/** A text that nodes stand in. */
export interface SourceText {
  readonly text: string;
  /** Where it is a module that the linted text imports; null for the linted text itself. */
  readonly path: string | null;
  /** What offsets in it start at: 0 in the linted text; {@link ELSEWHERE} or more, a stretch of its own, in a module that it imports. */
  readonly base: number;
}

/** Far beyond any text, so that a range of an imported module, and any worked out from one, is known by its numbers. */
export const ELSEWHERE = 2 ** 30;

/** Where a top-level statement starts now. */
export interface Anchor {
  offset: number;
  readonly source: SourceText;
}

export interface Place {
  readonly anchor: Anchor;
  readonly start: number;
  readonly end: number;
}

export interface Argument extends Place {
  readonly keyword: string | null;
  /** 0 plain, 1 `*values`, 2 `**values`. */
  readonly stars: 0 | 1 | 2;
  readonly value: Expression;
}

export interface Clause {
  readonly target: Expression;
  readonly iterable: Expression;
  readonly conditions: readonly Expression[];
}

export interface Parameter extends Place {
  readonly name: string;
  readonly stars: 0 | 1 | 2;
  readonly fallback: Expression | null;
  readonly annotation: Expression | null;
}

export type Expression = Place &
  (
    | { readonly kind: "name"; readonly id: string }
    | { readonly kind: "attribute"; readonly object: Expression; readonly name: string }
    | { readonly kind: "call"; readonly callee: Expression; readonly arguments: readonly Argument[] }
    | { readonly kind: "subscript"; readonly object: Expression; readonly index: Expression | null }
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "constant"; readonly value: boolean | null }
    | { readonly kind: "sequence"; readonly type: "list" | "tuple" | "set"; readonly elements: readonly Expression[] }
    | { readonly kind: "dict"; readonly entries: readonly { key: Expression | null; value: Expression }[] }
    | { readonly kind: "lambda"; readonly parameters: readonly Parameter[]; readonly body: Expression }
    | {
        readonly kind: "comprehension";
        readonly type: "generator" | "list" | "set" | "dict";
        readonly element: Expression;
        readonly clauses: readonly Clause[];
      }
    | { readonly kind: "unary"; readonly operator: string; readonly operand: Expression }
    | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: "conditional";
        readonly test: Expression;
        readonly body: Expression;
        readonly otherwise: Expression;
      }
    | { readonly kind: "walrus"; readonly target: Expression; readonly value: Expression }
    | { readonly kind: "starred"; readonly value: Expression }
    | { readonly kind: "yield"; readonly value: Expression | null }
    | { readonly kind: "other"; readonly broken: boolean; readonly children: readonly Expression[] }
  );

export type Block = readonly Statement[];

export interface ImportedName extends Place {
  /** Dotted for `import a.b`, one name for `from m import name`. */
  readonly name: string;
  readonly alias: string | null;
}

export type Statement = Place &
  (
    | { readonly kind: "expression"; readonly value: Expression }
    | {
        readonly kind: "assign";
        readonly targets: readonly Expression[];
        readonly annotation: Expression | null;
        readonly value: Expression | null;
      }
    | { readonly kind: "augment"; readonly target: Expression; readonly operator: string; readonly value: Expression }
    | { readonly kind: "return"; readonly value: Expression | null }
    | { readonly kind: "if"; readonly test: Expression; readonly body: Block; readonly otherwise: Block }
    | {
        readonly kind: "for";
        readonly target: Expression;
        readonly iterable: Expression;
        readonly body: Block;
        readonly otherwise: Block;
      }
    | { readonly kind: "while"; readonly test: Expression; readonly body: Block; readonly otherwise: Block }
    | {
        readonly kind: "with";
        readonly items: readonly { context: Expression; target: Expression | null }[];
        readonly body: Block;
      }
    | {
        readonly kind: "try";
        readonly body: Block;
        readonly handlers: readonly Block[];
        readonly otherwise: Block;
        readonly final: Block;
      }
    | { readonly kind: "match"; readonly subject: Expression; readonly cases: readonly Block[] }
    | {
        readonly kind: "function";
        readonly name: string;
        readonly parameters: readonly Parameter[];
        readonly decorators: readonly Expression[];
        readonly body: Block;
      }
    | {
        readonly kind: "class";
        readonly name: string;
        readonly bases: readonly Argument[];
        readonly decorators: readonly Expression[];
        readonly body: Block;
      }
    | { readonly kind: "import"; readonly names: readonly ImportedName[] }
    | {
        readonly kind: "import-from";
        /** With its leading dots. */
        readonly module: string;
        readonly names: readonly ImportedName[];
        readonly wildcard: boolean;
      }
    | { readonly kind: "jump"; readonly type: "break" | "continue" | "raise" }
    | { readonly kind: "global"; readonly names: readonly string[] }
    /** `pass`, `del`, `assert`, Python 2's `print`: what they evaluate. `broken` where the parser gave up. */
    | {
        readonly kind: "other";
        readonly broken: boolean;
        readonly children: readonly Expression[];
        readonly body: Block;
      }
  );

export type ExpressionOf<K extends Expression["kind"]> = Extract<Expression, { kind: K }>;
export type StatementOf<K extends Statement["kind"]> = Extract<Statement, { kind: K }>;
export type Call = ExpressionOf<"call">;
export type FunctionNode = StatementOf<"function"> | ExpressionOf<"lambda">;

/** The place of a node, in the linted text where {@link isHere} holds. */
export function rangeOf({ anchor, start, end }: Place): TextRange {
  return { start: anchor.offset + start, end: anchor.offset + end };
}

/** A node as it is written, in whichever text it stands. */
export function textOf({ anchor, start, end }: Place): string {
  const { text, base } = anchor.source;
  return text.slice(anchor.offset - base + start, anchor.offset - base + end);
}

/** The node stands in the linted text: only then may its range be reported or edited. */
export const isHere = ({ anchor }: Place): boolean => anchor.source.base === 0;

/** The blocks directly inside a compound statement, in source order. */
export function blocksOf(statement: Statement): Block[] {
  switch (statement.kind) {
    case "if":
    case "for":
    case "while":
      return [statement.body, statement.otherwise];
    case "with":
    case "function":
    case "class":
    case "other":
      return [statement.body];
    case "try":
      return [statement.body, ...statement.handlers, statement.otherwise, statement.final];
    case "match":
      return [...statement.cases];
    default:
      return [];
  }
}

/** The expressions that a statement itself evaluates, in order, without those of the blocks inside it. */
export function expressionsOf(statement: Statement): Expression[] {
  switch (statement.kind) {
    case "expression":
      return [statement.value];
    case "assign":
      return statement.value ? [statement.value, ...statement.targets] : [...statement.targets];
    case "augment":
      return [statement.value, statement.target];
    case "return":
      return statement.value ? [statement.value] : [];
    case "if":
    case "while":
      return [statement.test];
    case "for":
      return [statement.iterable, statement.target];
    case "with":
      return statement.items.map((item) => item.context);
    case "match":
      return [statement.subject];
    case "function":
      return [
        ...statement.decorators,
        ...statement.parameters.flatMap((parameter) => (parameter.fallback ? [parameter.fallback] : [])),
      ];
    case "class":
      return [...statement.decorators, ...statement.bases.map((base) => base.value)];
    case "other":
      return [...statement.children];
    default:
      return [];
  }
}

/** The expressions directly inside an expression, in the order in which Python evaluates them. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "attribute":
      return [expression.object];
    case "call":
      return [expression.callee, ...expression.arguments.map((argument) => argument.value)];
    case "subscript":
      return expression.index ? [expression.object, expression.index] : [expression.object];
    case "sequence":
      return expression.elements;
    case "dict":
      return expression.entries.flatMap(({ key, value }) => (key ? [key, value] : [value]));
    case "lambda":
      return expression.parameters.flatMap((parameter) => (parameter.fallback ? [parameter.fallback] : []));
    case "comprehension":
      return [...expression.clauses.flatMap((clause) => [clause.iterable, ...clause.conditions]), expression.element];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "conditional":
      return [expression.test, expression.body, expression.otherwise];
    case "walrus":
    case "starred":
      return [expression.value];
    case "yield":
      return expression.value ? [expression.value] : [];
    case "other":
      return expression.children;
    default:
      return [];
  }
}
