import type { Anchor, Argument, Clause, Expression, Parameter } from "./ast.ts";
import type { ConcreteNode } from "./concrete.ts";

/** The text of one top-level statement, and where it stands. */
export interface Source {
  readonly text: string;
  readonly anchor: Anchor;
}

export const field = (node: ConcreteNode, name: string) => node.children.find((child) => child.field === name) ?? null;
export const fields = (node: ConcreteNode, name: string) => node.children.filter((child) => child.field === name);
export const textOf = (node: ConcreteNode, source: Source) => source.text.slice(node.start, node.end);
/** A comment, and with it the block that it ends, takes the carriage return with it, which belongs to the line ending. */
export const place = ({ start, end }: ConcreteNode, { anchor, text }: Source) => ({
  anchor,
  start,
  end: end > start && text[end - 1] === "\r" ? end - 1 : end,
});

const other = (node: ConcreteNode, source: Source): Expression => ({
  ...place(node, source),
  kind: "other",
  broken: node.type === "ERROR",
  children: node.children.map((child) => lowerExpression(child, source)),
});

export function lowerExpression(node: ConcreteNode, source: Source): Expression {
  const at = place(node, source);
  const lower = (child: ConcreteNode | null | undefined): Expression =>
    child ? lowerExpression(child, source) : { ...at, kind: "other", broken: true, children: [] };
  switch (node.type) {
    case "identifier":
      return { ...at, kind: "name", id: textOf(node, source) };
    case "attribute": {
      const name = field(node, "attribute");
      return { ...at, kind: "attribute", object: lower(field(node, "object")), name: name ? textOf(name, source) : "" };
    }
    case "call":
      return {
        ...at,
        kind: "call",
        callee: lower(field(node, "function")),
        arguments: lowerArguments(field(node, "arguments"), source),
      };
    case "subscript": {
      const indexes = fields(node, "subscript");
      const index: Expression | null =
        indexes.length === 1
          ? lower(indexes[0])
          : { ...at, kind: "sequence", type: "tuple", elements: indexes.map((child) => lower(child)) };
      return { ...at, kind: "subscript", object: lower(field(node, "value")), index };
    }
    case "integer":
    case "float":
      return { ...at, kind: "number", value: numberOf(textOf(node, source)) };
    case "string":
    case "concatenated_string":
      return lowerString(node, source);
    case "true":
    case "false":
      return { ...at, kind: "constant", value: node.type === "true" };
    case "none":
      return { ...at, kind: "constant", value: null };
    case "list":
    case "list_pattern":
      return { ...at, kind: "sequence", type: "list", elements: node.children.map(lower) };
    case "tuple":
    case "tuple_pattern":
    case "expression_list":
    case "pattern_list":
      return { ...at, kind: "sequence", type: "tuple", elements: node.children.map(lower) };
    case "set":
      return { ...at, kind: "sequence", type: "set", elements: node.children.map(lower) };
    case "dictionary":
      return { ...at, kind: "dict", entries: node.children.map((child) => lowerPair(child, source)) };
    case "list_comprehension":
    case "set_comprehension":
    case "generator_expression":
    case "dictionary_comprehension":
      return lowerComprehension(node, source);
    case "lambda":
      return {
        ...at,
        kind: "lambda",
        parameters: lowerParameters(field(node, "parameters"), source),
        body: lower(field(node, "body")),
      };
    case "unary_operator":
    case "not_operator": {
      const operator = field(node, "operator");
      return {
        ...at,
        kind: "unary",
        operator: operator ? textOf(operator, source) : "not",
        operand: lower(field(node, "argument")),
      };
    }
    case "binary_operator":
    case "boolean_operator": {
      const operator = field(node, "operator");
      return {
        ...at,
        kind: "binary",
        operator: operator ? textOf(operator, source) : "",
        left: lower(field(node, "left")),
        right: lower(field(node, "right")),
      };
    }
    case "comparison_operator":
      return lowerComparison(node, source);
    case "conditional_expression": {
      const [body, test, otherwise] = node.children;
      return { ...at, kind: "conditional", test: lower(test), body: lower(body), otherwise: lower(otherwise) };
    }
    case "named_expression":
      return { ...at, kind: "walrus", target: lower(field(node, "name")), value: lower(field(node, "value")) };
    case "list_splat":
    case "list_splat_pattern":
    case "dictionary_splat":
      return { ...at, kind: "starred", value: lower(node.children[0]) };
    case "yield":
      return { ...at, kind: "yield", value: node.children[0] ? lower(node.children[0]) : null };
    case "parenthesized_expression":
    case "await":
    case "type":
    case "as_pattern_target":
      return node.children.length === 1 ? lower(node.children[0]) : other(node, source);
    default:
      return other(node, source);
  }
}

/** `a < b < c` is `a < b and b < c`. */
function lowerComparison(node: ConcreteNode, source: Source): Expression {
  const at = place(node, source);
  const operators = fields(node, "operators");
  const operands = node.children.filter((child) => child.field !== "operators");
  if (operators.length === 0 || operands.length !== operators.length + 1) return other(node, source);
  const [first, ...rest] = operators.map((operator, index): Expression => {
    const [left, right] = operands.slice(index, index + 2).map((child) => lowerExpression(child, source));
    const text = textOf(operator, source).replaceAll(/\s+/g, " ");
    return { ...at, kind: "binary", operator: text, left: left as Expression, right: right as Expression };
  });
  return rest.reduce(
    (left, right): Expression => ({ ...at, kind: "binary", operator: "and", left, right }),
    first as Expression,
  );
}

export function lowerArguments(node: ConcreteNode | null, source: Source): Argument[] {
  if (!node) return [];
  if (node.type === "generator_expression")
    return [{ ...place(node, source), keyword: null, stars: 0, value: lowerExpression(node, source) }];
  return node.children.map((child) => {
    const at = place(child, source);
    if (child.type === "keyword_argument") {
      const name = field(child, "name");
      const value = field(child, "value");
      return {
        ...at,
        keyword: name ? textOf(name, source) : "",
        stars: 0,
        value: lowerExpression(value ?? child, source),
      };
    }
    const inner = child.children[0];
    if ((child.type === "list_splat" || child.type === "dictionary_splat") && inner)
      return {
        ...at,
        keyword: null,
        stars: child.type === "list_splat" ? 1 : 2,
        value: lowerExpression(inner, source),
      };
    return { ...at, keyword: null, stars: 0, value: lowerExpression(child, source) };
  });
}

export function lowerParameters(node: ConcreteNode | null, source: Source): Parameter[] {
  if (!node) return [];
  return node.children.flatMap((child): Parameter[] => {
    const named = child.type === "identifier" ? child : (field(child, "name") ?? child.children[0]);
    if (!named || child.type.endsWith("_separator")) return [];
    const splat = named.type.endsWith("_splat_pattern") ? named : child;
    const name = named.type === "identifier" ? named : named.children[0];
    if (name?.type !== "identifier") return [];
    const value = field(child, "value");
    const annotation = field(child, "type");
    return [
      {
        ...place(child, source),
        name: textOf(name, source),
        stars: splat.type === "list_splat_pattern" ? 1 : splat.type === "dictionary_splat_pattern" ? 2 : 0,
        fallback: value ? lowerExpression(value, source) : null,
        annotation: annotation ? lowerExpression(annotation, source) : null,
      },
    ];
  });
}

function lowerPair(node: ConcreteNode, source: Source): { key: Expression | null; value: Expression } {
  const key = field(node, "key");
  const value = field(node, "value");
  if (node.type === "pair" && key && value)
    return { key: lowerExpression(key, source), value: lowerExpression(value, source) };
  return { key: null, value: lowerExpression(node, source) };
}

function lowerComprehension(node: ConcreteNode, source: Source): Expression {
  const clauses: { target: Expression; iterable: Expression; conditions: Expression[] }[] = [];
  for (const child of node.children) {
    const [left, right] = [field(child, "left"), field(child, "right")];
    if (child.type === "for_in_clause" && left && right)
      clauses.push({ target: lowerExpression(left, source), iterable: lowerExpression(right, source), conditions: [] });
    const condition = child.children[0];
    if (child.type === "if_clause" && condition) clauses.at(-1)?.conditions.push(lowerExpression(condition, source));
  }
  const body = field(node, "body");
  if (!body) return other(node, source);
  return {
    ...place(node, source),
    kind: "comprehension",
    type: node.type === "generator_expression" ? "generator" : (node.type.split("_")[0] as "list" | "set"),
    element: body.type === "pair" ? lowerPair(body, source).value : lowerExpression(body, source),
    clauses: clauses satisfies Clause[],
  };
}

function lowerString(node: ConcreteNode, source: Source): Expression {
  const parts = node.type === "string" ? [node] : node.children;
  const interpolated = parts.flatMap((part) => part.children.filter((child) => child.type === "interpolation"));
  if (interpolated.length > 0)
    return {
      ...place(node, source),
      kind: "other",
      broken: false,
      children: interpolated.flatMap((part) => part.children.map((child) => lowerExpression(child, source))),
    };
  const value = parts
    .flatMap((part) => part.children.filter((child) => child.type === "string_content"))
    .map((part) => textOf(part, source))
    .join("");
  return { ...place(node, source), kind: "string", value };
}

function numberOf(text: string): number {
  const digits = text.replaceAll("_", "");
  if (/^0[xob]/i.test(digits)) return Number(digits);
  return Number.parseFloat(digits);
}
