/** What an attribute of a value stands for: members of modules, of classes and their bases, and of instances. */
import type { Argument, Call } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { ClassInfo, Variable } from "../names/scope.ts";
import { type Frame, located, UNKNOWN, type Value } from "./value.ts";
import type { Values } from "./values.ts";

export class Members {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  of(value: Value, name: string): Value[] {
    switch (value.kind) {
      case "external": {
        const own = value.by?.methods.get(name);
        if (value.by && own && value.call)
          return [{ kind: "function", info: own, frame: this.#values.frames.around(value.by.scope), self: UNKNOWN }];
        const qualified = this.#values.canonical(`${value.name}.${name}`);
        // `utils.clip` of `import utils`, but not a member of what a call returned.
        const found = value.call || value.name.includes("(") ? null : this.#values.imports.find(qualified, value.scope);
        return found ?? [{ ...value, name: qualified }];
      }
      case "class":
      case "instance":
        return this.#classMember(value, value.info, name, new Set());
      case "none":
        return [];
      default:
        return [UNKNOWN];
    }
  }

  #classMember(
    value: Value & { kind: "class" | "instance" },
    info: ClassInfo,
    name: string,
    seen: Set<ClassInfo>,
  ): Value[] {
    if (seen.has(info)) return [UNKNOWN];
    seen.add(info);
    const found: Value[] = [];
    const self = value.kind === "instance" ? value : null;
    const method = info.methods.get(name);
    if (method) {
      const decorators = method.node.kind === "function" ? method.node.decorators : [];
      if (decorators.some((d) => d.kind === "name" && d.id === "property"))
        return method.returns.flatMap((node) => {
          const frame = this.#values.frames.with(this.#values.frames.standalone(method), { self });
          return this.#values.evaluate(node, frame, method.scope);
        });
      return [{ kind: "function", info: method, frame: this.#values.frames.around(info.scope), self }];
    }
    for (const variable of [info.attributes.get(name), info.scope.variables.get(name)]) {
      if (!variable) continue;
      for (const binding of variable.bindings) {
        const within = this.#values.frames.of(binding.scope);
        const frame = self && binding.scope.self !== null ? this.#values.frames.with(within, { self }) : within;
        // Class attributes without a value (a dataclass's fields) come from the constructor.
        if (binding.kind === "unknown" && binding.scope === info.scope) {
          found.push(...this.#field(value, name));
          continue;
        }
        const given =
          binding.scope === info.scope &&
          value.kind === "instance" &&
          value.call &&
          this.#given(info, value.call, name);
        if (given === "unclear") found.push(UNKNOWN);
        else if (given && value.kind === "instance")
          found.push(...this.#values.evaluate(given.value, value.frame, value.scope));
        else found.push(...this.#values.bound(binding, this.inConstructor(frame, value, info)));
      }
      if (variable.contents.length > 0) {
        const any = variable.contents.flatMap(({ binding }) => located(binding, this.#values.frames.of(binding.scope)));
        const keys = variable.contents.map(({ key }) => key);
        const keyed = any.length === keys.length && keys.every((key) => key !== null);
        found.push({ kind: "elements", items: keyed ? any : null, keys: keyed ? keys : null, any });
      }
    }
    if (found.length > 0) return found;
    let opaque = false;
    for (const base of info.node.bases)
      for (const parent of this.#values.evaluate(base.value, this.#values.frames.around(info.scope))) {
        if (parent.kind === "class") found.push(...this.#classMember(value, parent.info, name, seen));
        else if (parent.kind === "external")
          found.push(
            value.kind === "instance"
              ? { ...parent, name: `${parent.name}().${name}`, call: null, of: value }
              : { ...parent, name: `${parent.name}.${name}`, call: null, by: value.info },
          );
        else opaque = true;
      }
    if (opaque || found.length === 0) found.push(UNKNOWN);
    return found;
  }

  /** What a call passes for a field, also by its position among those of a dataclass or a `NamedTuple`. */
  #given(info: ClassInfo, call: Call, name: string): Argument | "unclear" | null {
    const named = argumentOf(call, null, name);
    if (named || call.arguments.every(({ keyword }) => keyword !== null)) return named;
    const fields = info.node.body.flatMap((statement) =>
      statement.kind === "assign" && statement.annotation
        ? statement.targets.flatMap((target) => (target.kind === "name" ? target.id : []))
        : [],
    );
    const position = fields.indexOf(name);
    if (position === -1 || this.defines(info, "__init__")) return null;
    // Those of a base come first.
    return this.lineage(info).size > 1 ? "unclear" : argumentOf(call, position, null);
  }

  /** `self.opt = opt` in `__init__`: bind its parameters by the call that made this very instance, where that is known. */
  inConstructor(frame: Frame, value: Value & { kind: "class" | "instance" }, info: ClassInfo): Frame {
    if (value.kind !== "instance" || !value.call || frame.scope.info?.name !== "__init__") return frame;
    if (frame.scope.info.owner !== info) return frame;
    return this.#values.frames.with(frame, {
      call: { call: value.call, frame: value.frame, scope: value.scope },
    });
  }

  #field(value: Value & { kind: "class" | "instance" }, name: string): Value[] {
    if (value.kind !== "instance" || !value.call) return [UNKNOWN];
    const argument = argumentOf(value.call, null, name);
    return argument ? this.#values.evaluate(argument.value, value.frame, value.scope) : [UNKNOWN];
  }

  /** What `super()` stands for. */
  base(frame: Frame): Value {
    const owner = frame.scope.info?.owner;
    if (!owner || frame.self?.kind !== "instance") return UNKNOWN;
    for (const base of owner.node.bases)
      for (const parent of this.#values.evaluate(base.value, this.#values.frames.around(owner.scope)))
        if (parent.kind === "class") return { ...frame.self, info: parent.info };
        else if (parent.kind === "external") return { ...parent, name: `${parent.name}()`, call: null };
    return UNKNOWN;
  }

  /** Whether a class, or a base of it that can be seen, has such a member; a base from elsewhere may have any but a framework's own. */
  defines(info: ClassInfo, name: string, seen = new Set<ClassInfo>()): boolean {
    if (seen.has(info)) return false;
    seen.add(info);
    if (info.methods.has(name) || info.attributes.has(name) || info.scope.variables.has(name)) return true;
    return info.node.bases.some((base) =>
      this.#values
        .evaluate(base.value, this.#values.frames.around(info.scope))
        .some((parent) =>
          parent.kind === "class" ? this.defines(parent.info, name, seen) : parent.kind !== "external",
        ),
    );
  }

  /** A class and those of its bases that can be seen. */
  lineage(info: ClassInfo, seen = new Set<ClassInfo>()): ReadonlySet<ClassInfo> {
    if (seen.has(info)) return seen;
    seen.add(info);
    for (const base of info.node.bases)
      for (const parent of this.#values.evaluate(base.value, this.#values.frames.around(info.scope)))
        if (parent.kind === "class") this.lineage(parent.info, seen);
    return seen;
  }

  /** What the bases of a class, and theirs, are. */
  bases(info: ClassInfo): Value[] {
    return [...this.lineage(info)].flatMap(({ node, scope }) =>
      node.bases.flatMap((base) => this.#values.evaluate(base.value, this.#values.frames.around(scope))),
    );
  }

  /** The topmost of a class's first bases that this file defines. */
  root(info: ClassInfo, seen = new Set<ClassInfo>()): ClassInfo {
    seen.add(info);
    for (const base of info.node.bases)
      for (const parent of this.#values.evaluate(base.value, this.#values.frames.around(info.scope)))
        if (parent.kind === "class" && !seen.has(parent.info)) return this.root(parent.info, seen);
    return info;
  }

  /** The variable behind an attribute of a class's instances, its own or inherited. */
  attribute(info: ClassInfo, name: string, seen = new Set<ClassInfo>()): Variable | null {
    if (seen.has(info)) return null;
    seen.add(info);
    const own = info.attributes.get(name) ?? info.scope.variables.get(name);
    if (own) return own;
    for (const base of info.node.bases)
      for (const parent of this.#values.evaluate(base.value, this.#values.frames.around(info.scope)))
        if (parent.kind === "class") {
          const found = this.attribute(parent.info, name, seen);
          if (found) return found;
        }
    return null;
  }
}
