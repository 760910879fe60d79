/** Concrete syntax to the plain Python of `ast.ts`. What the parser could not read becomes an `other` marked `broken`. */
import type { Block, Expression, ImportedName, Statement } from "./ast.ts";
import type { ConcreteNode } from "./concrete.ts";
import {
  field,
  fields,
  lowerArguments,
  lowerExpression,
  lowerParameters,
  place,
  type Source,
  textOf,
} from "./lower-expression.ts";

export function lowerStatement(node: ConcreteNode, source: Source): Statement {
  const at = place(node, source);
  const lower = (child: ConcreteNode | null | undefined): Expression =>
    child ? lowerExpression(child, source) : { ...at, kind: "other", broken: true, children: [] };
  const block = (name: string) => lowerBlock(field(node, name), source);
  switch (node.type) {
    case "expression_statement":
      return lowerExpressionStatement(node, source);
    case "return_statement":
      return { ...at, kind: "return", value: node.children[0] ? lower(node.children[0]) : null };
    case "if_statement":
      return {
        ...at,
        kind: "if",
        test: lower(field(node, "condition")),
        body: block("consequence"),
        otherwise: lowerAlternatives(fields(node, "alternative"), source),
      };
    case "for_statement":
      return {
        ...at,
        kind: "for",
        target: lower(field(node, "left")),
        iterable: lower(field(node, "right")),
        body: block("body"),
        otherwise: lowerAlternatives(fields(node, "alternative"), source),
      };
    case "while_statement":
      return {
        ...at,
        kind: "while",
        test: lower(field(node, "condition")),
        body: block("body"),
        otherwise: lowerAlternatives(fields(node, "alternative"), source),
      };
    case "with_statement":
      return { ...at, kind: "with", items: lowerWithItems(node, source), body: block("body") };
    case "try_statement":
      return {
        ...at,
        kind: "try",
        body: block("body"),
        handlers: node.children
          .filter((child) => child.type.startsWith("except"))
          .map((child) => lowerBlock(child.children.at(-1) ?? null, source)),
        otherwise: lowerAlternatives(
          node.children.filter((child) => child.type === "else_clause"),
          source,
        ),
        final: node.children
          .filter((child) => child.type === "finally_clause")
          .flatMap((child) => [...lowerBlock(child.children.at(-1) ?? null, source)]),
      };
    case "match_statement": {
      const cases = [...node.children, ...(field(node, "body")?.children ?? [])];
      return {
        ...at,
        kind: "match",
        subject: lower(field(node, "subject")),
        cases: cases
          .filter((child) => child.type === "case_clause")
          .map((child) => lowerBlock(field(child, "consequence"), source)),
      };
    }
    case "function_definition":
    case "class_definition":
      return lowerDefinition(node, source, []);
    case "decorated_definition": {
      const definition = field(node, "definition");
      const decorators = node.children.filter((child) => child.type === "decorator");
      if (definition) return lowerDefinition(definition, source, decorators);
      return lowerOther(node, source);
    }
    case "import_statement":
    case "import_from_statement":
    case "future_import_statement":
      return lowerImport(node, source);
    case "break_statement":
    case "continue_statement":
      return { ...at, kind: "jump", type: node.type === "break_statement" ? "break" : "continue" };
    case "raise_statement":
      return { ...at, kind: "jump", type: "raise" };
    case "global_statement":
    case "nonlocal_statement":
      return { ...at, kind: "global", names: node.children.map((child) => textOf(child, source)) };
    default:
      return lowerOther(node, source);
  }
}

export function lowerBlock(node: ConcreteNode | null, source: Source): Block {
  if (!node) return [];
  return node.type === "block"
    ? node.children.map((child) => lowerStatement(child, source))
    : [lowerStatement(node, source)];
}

const COMPOUND = /_statement$|_definition$|^block$/;

function lowerOther(node: ConcreteNode, source: Source): Statement {
  // After a syntax error whole statements stand among the children: what can be read of them still counts.
  const isStatement = (child: ConcreteNode) => COMPOUND.test(child.type);
  return {
    ...place(node, source),
    kind: "other",
    broken: node.type === "ERROR",
    children: node.children.filter((child) => !isStatement(child)).map((child) => lowerExpression(child, source)),
    body: node.children.filter(isStatement).flatMap((child) => [...lowerBlock(child, source)]),
  };
}

function lowerExpressionStatement(node: ConcreteNode, source: Source): Statement {
  const at = place(node, source);
  const [only] = node.children;
  if (!only || node.children.length > 1)
    return {
      ...at,
      kind: "expression",
      value: {
        ...at,
        kind: "sequence",
        type: "tuple",
        elements: node.children.map((child) => lowerExpression(child, source)),
      },
    };
  const right = field(only, "right");
  const left = field(only, "left");
  if (only.type === "augmented_assignment" && left && right) {
    const operator = field(only, "operator");
    return {
      ...at,
      kind: "augment",
      target: lowerExpression(left, source),
      operator: operator ? textOf(operator, source) : "",
      value: lowerExpression(right, source),
    };
  }
  if (only.type === "assignment" && left) {
    const targets = [lowerExpression(left, source)];
    const annotation = field(only, "type");
    let value = right;
    // `a = b = value` nests to the right.
    while (value?.type === "assignment") {
      const next = field(value, "left");
      if (next) targets.push(lowerExpression(next, source));
      value = field(value, "right");
    }
    return {
      ...at,
      kind: "assign",
      targets,
      annotation: annotation ? lowerExpression(annotation, source) : null,
      value: value ? lowerExpression(value, source) : null,
    };
  }
  return { ...at, kind: "expression", value: lowerExpression(only, source) };
}

function lowerAlternatives(clauses: readonly ConcreteNode[], source: Source): Block {
  const [first, ...rest] = clauses;
  if (!first) return [];
  if (first.type === "elif_clause")
    return [
      {
        ...place(first, source),
        kind: "if",
        test: lowerExpression(field(first, "condition") ?? first, source),
        body: lowerBlock(field(first, "consequence"), source),
        otherwise: lowerAlternatives(rest, source),
      },
    ];
  return lowerBlock(field(first, "body"), source);
}

function lowerWithItems(node: ConcreteNode, source: Source) {
  const items = node.children.filter((child) => child.type === "with_clause").flatMap((clause) => clause.children);
  return items.map((item) => {
    const value = field(item, "value") ?? item;
    if (value.type === "as_pattern") {
      const alias = field(value, "alias");
      const context = value.children[0] ?? value;
      return { context: lowerExpression(context, source), target: alias ? lowerExpression(alias, source) : null };
    }
    return { context: lowerExpression(value, source), target: null };
  });
}

function lowerDefinition(node: ConcreteNode, source: Source, decoratorNodes: readonly ConcreteNode[]): Statement {
  const name = field(node, "name");
  const shared = {
    ...place(node, source),
    name: name ? textOf(name, source) : "",
    decorators: decoratorNodes.flatMap((child) => child.children.map((inner) => lowerExpression(inner, source))),
    body: lowerBlock(field(node, "body"), source),
  };
  if (node.type === "class_definition")
    return { ...shared, kind: "class", bases: lowerArguments(field(node, "superclasses"), source) };
  return { ...shared, kind: "function", parameters: lowerParameters(field(node, "parameters"), source) };
}

function lowerImport(node: ConcreteNode, source: Source): Statement {
  const names = fields(node, "name").map((child): ImportedName => {
    const [name, alias] = [field(child, "name"), field(child, "alias")];
    return {
      ...place(child, source),
      name: textOf(name ?? child, source).replaceAll(/\s/g, ""),
      alias: alias ? textOf(alias, source) : null,
    };
  });
  const at = place(node, source);
  if (node.type === "import_statement") return { ...at, kind: "import", names };
  const module = field(node, "module_name");
  return {
    ...at,
    kind: "import-from",
    module: module ? textOf(module, source).replaceAll(/\s/g, "") : "__future__",
    names,
    wildcard: node.children.some((child) => child.type === "wildcard_import"),
  };
}
