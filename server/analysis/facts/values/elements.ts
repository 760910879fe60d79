/** What is in containers: by iterating over them, by index and by key. */
import type { Expression } from "../../syntax/ast.ts";
import type { Scope } from "../names/scope.ts";
import { type Frame, type Located, UNKNOWN, type Value } from "./value.ts";
import type { Values } from "./values.ts";

/** Of containers in one another: a recursive function can put them together without end. */
const MAX_NESTED = 24;

export class Elements {
  readonly #values: Values;
  readonly #open = new Set<string>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** What iterating over these values gives. */
  iterate(node: Expression, values: readonly Value[], frame: Frame, scope: Scope): Value[] {
    if (node.kind === "call") {
      const name =
        node.callee.kind === "name" ? node.callee.id : node.callee.kind === "attribute" ? node.callee.name : "";
      const sources = node.arguments.map(
        (argument): Located => ({ node: argument.value, frame, scope, iterated: true }),
      );
      if (node.callee.kind === "name" && name === "zip")
        return [{ kind: "elements", items: sources, keys: null, any: sources }];
      if (node.callee.kind === "name" && name === "enumerate" && sources[0]) {
        const index: Located = { node, frame, scope };
        return [{ kind: "elements", items: [index, sources[0]], keys: null, any: [sources[0]] }];
      }
      if (node.callee.kind === "name" && (name === "reversed" || name === "list" || name === "tuple") && sources[0])
        return this.#values.follow(sources[0]);
      if (node.callee.kind === "attribute" && (name === "values" || name === "items")) {
        const held = this.#values.evaluate(node.callee.object, frame, scope);
        if (name === "values") return held.flatMap((value) => this.#elements(value));
        return held.map(
          (value): Value =>
            value.kind === "elements" ? { kind: "elements", items: null, keys: null, any: value.any } : UNKNOWN,
        );
      }
    }
    return values.flatMap((value) => this.#elements(value));
  }

  #elements(value: Value): Value[] {
    // `sys.modules[__name__]` is any module, this one as well.
    if (value.kind === "external")
      return value.name === "sys.modules" ? [UNKNOWN] : [{ ...value, name: `${value.name}[*]` }];
    if (value.kind !== "elements") return value.kind === "none" ? [] : [UNKNOWN];
    return value.any.flatMap((item) => {
      // What a list was extended by may be the list itself.
      const key = `${this.#values.frames.id(item.node)}@${this.#values.frames.id(item.frame)} ${item.path} ${item.iterated}`;
      if (this.#open.has(key)) return [];
      if (this.#open.size >= MAX_NESTED) return [UNKNOWN];
      this.#open.add(key);
      try {
        return this.#values.follow(item);
      } finally {
        this.#open.delete(key);
      }
    });
  }

  /** The element at an index, or any of them where it can't be told which. */
  item(value: Value, index: string | number): Value[] {
    switch (value.kind) {
      case "elements": {
        if (!value.items) return this.#elements(value);
        const at = value.keys ? value.keys.lastIndexOf(index) : Number(index);
        const item = value.items.at(at === -1 && value.keys ? value.items.length : at);
        return item ? this.#values.follow(item) : this.#elements(value);
      }
      case "external":
        return [{ ...value, name: `${value.name}[${index}]` }];
      case "none":
        return [];
      default:
        return [UNKNOWN];
    }
  }

  /** What `object[index]` stands for. */
  subscript(object: Expression, index: Expression | null, frame: Frame, scope: Scope): Value[] {
    const values = this.#values.evaluate(object, frame, scope);
    const key =
      index?.kind === "string" || index?.kind === "number"
        ? index.value
        : index?.kind === "unary" && index.operator === "-" && index.operand.kind === "number"
          ? -index.operand.value
          : null;
    if (key === null) return values.flatMap((value) => this.#elements(value));
    // Filled piece by piece (`opt = {}; opt["g"] = …`): the piece with this key, if there is one.
    const keyed = values.filter((value) => value.kind === "elements" && value.keys?.includes(key));
    return (keyed.length > 0 ? keyed : values).flatMap((value) => this.item(value, key));
  }
}
