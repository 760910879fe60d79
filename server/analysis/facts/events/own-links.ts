/** Links of an optimizer that a script makes of functions of its own, and whether these visibly pass the gradients on. */
import type { ArgumentPlace, Framework } from "../../frameworks/framework.ts";
import {
  type Block,
  blocksOf,
  type Call,
  childrenOf,
  type Expression,
  expressionsOf,
  textOf,
} from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { FunctionInfo, Scope } from "../names/scope.ts";
import type { Frame, Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";

/** Words of what limits gradients, tells how large they are, or hands them to another transformation. */
const LIMITS = /clip|clamp|norm(?!al(?!i[sz]))|minimum|maximum|\b(min|max|where|select|cond|sign|tanh)\b|\.update\(/i;

export class OwnLinks {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];

  constructor(values: Values, frameworks: readonly Framework[]) {
    this.#values = values;
    this.#frameworks = frameworks;
  }

  /** A call of that name makes one. */
  isMadeBy(name: string): boolean {
    return this.#placeIn(name) !== undefined;
  }

  /** All that the function does, and what it calls, can be seen, and none of it has to do with how large gradients are. */
  passesOn(name: string, call: Call, frame: Frame, scope: Scope): boolean {
    const place = this.#placeIn(name);
    const given = place && argumentOf(call, place.position, place.keyword);
    return given?.stars === 0 && this.#isPlain(given.value, frame, scope, new Set());
  }

  #placeIn(name: string): ArgumentPlace | undefined {
    return this.#frameworks.map(({ ownLinks }) => ownLinks?.[name]).find((place) => place !== undefined);
  }

  /** Only functions that can be seen. */
  #isPlain(node: Expression, frame: Frame, scope: Scope, seen: Set<FunctionInfo>): boolean {
    const values = this.#values.evaluate(node, frame, scope);
    return values.length > 0 && values.every((value) => value.kind === "function" && this.#keeps(value, seen));
  }

  #keeps(value: Value & { kind: "function" }, seen: Set<FunctionInfo>): boolean {
    const { info } = value;
    if (seen.has(info)) return true;
    seen.add(info);
    if (LIMITS.test(textOf(info.node))) return false;
    const inner = this.#values.frames.enter(value, null);
    const leaves = (node: Expression, scope: Scope) => this.#leaves(node, inner, scope, seen);
    if (info.node.kind === "lambda") return leaves(info.node.body, info.scope);
    return expressionsIn(info.node.body).every((node) => leaves(node, info.scope));
  }

  /** Nothing in the expression can do anything to gradients out of sight. */
  #leaves(node: Expression, frame: Frame, outer: Scope, seen: Set<FunctionInfo>): boolean {
    const scope = this.#values.scopeOf(node, outer);
    if (node.kind === "lambda") return this.#isPlain(node, frame, outer, seen);
    if (node.kind === "name" || node.kind === "attribute") {
      const known = this.#values.evaluate(node, frame, scope).every((value) => {
        if (value.kind === "function") return this.#keeps(value, seen);
        return value.kind !== "external" || this.#isInert(value.name);
      });
      if (!known) return false;
    }
    // `schedule(count)`, given from elsewhere, may be anything; a method of what the function is given (`g.astype(…)`) goes by its name.
    if (node.kind === "call" && node.callee.kind === "name") {
      const called = this.#values.evaluate(node.callee, frame, scope);
      if (called.some(({ kind }) => kind !== "function" && kind !== "external")) return false;
    }
    return childrenOf(node).every((child) => this.#leaves(child, frame, scope, seen));
  }

  #isInert(name: string): boolean {
    return name.startsWith("builtins.") || this.#frameworks.some(({ inert }) => inert?.test(name));
  }
}

/** Those of a function's own statements: what is defined within counts where it is used. */
function expressionsIn(block: Block): Expression[] {
  return block.flatMap((statement) =>
    statement.kind === "function" || statement.kind === "class"
      ? []
      : [...expressionsOf(statement), ...blocksOf(statement).flatMap(expressionsIn)],
  );
}
