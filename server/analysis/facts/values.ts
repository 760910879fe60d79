/**
 * What an expression may stand for, followed through assignments, attributes, parameters, returns, tuples, containers and
 * calls within the file. An answer is a set of candidates; {@link UNKNOWN} among them means that there may be others.
 */
import type { Framework } from "../frameworks/framework.ts";
import { type Call, type Expression, rangeOf, type Statement } from "../syntax/ast.ts";
import { BUILTINS } from "./builtins.ts";
import { reaching } from "./reaching.ts";
import {
  argumentOf,
  type Binding,
  type CallSite,
  type ClassInfo,
  type FunctionInfo,
  type Names,
  type Scope,
  Variable,
} from "./scope.ts";

/** One activation of a function (or the module): what its parameters stand for. `call` is null where nobody is known to call it. */
export interface Frame {
  readonly scope: Scope;
  readonly parent: Frame | null;
  readonly self: Value | null;
  readonly call: { readonly call: Call; readonly frame: Frame; readonly scope: Scope } | null;
}

export type Value =
  /** What an import names, what calling it returns (`torch.optim.Adam()`), what that has (`torch.optim.Adam().step`). */
  | {
      readonly kind: "external";
      readonly name: string;
      readonly call: Call | null;
      readonly frame: Frame;
      readonly scope: Scope;
    }
  | { readonly kind: "function"; readonly info: FunctionInfo; readonly frame: Frame; readonly self: Value | null }
  | { readonly kind: "class"; readonly info: ClassInfo; readonly frame: Frame }
  | {
      readonly kind: "instance";
      readonly info: ClassInfo;
      readonly frame: Frame;
      readonly call: Call | null;
      readonly scope: Scope;
    }
  | { readonly kind: "literal"; readonly node: Expression; readonly frame: Frame; readonly scope: Scope }
  /** Several values in one: the elements of a display, or what a pass-through returns. */
  | {
      readonly kind: "elements";
      readonly items: readonly Located[] | null;
      readonly keys: readonly (string | number | null)[] | null;
      readonly any: readonly Located[];
    }
  | { readonly kind: "none" }
  | { readonly kind: "unknown" };

export interface Located {
  readonly node: Expression;
  readonly frame: Frame;
  readonly scope: Scope;
  readonly path?: readonly number[];
  readonly iterated?: boolean;
}

export const UNKNOWN: Value = { kind: "unknown" };
const MAX_DEPTH = 24;
const MAX_VALUES = 12;

export class Values {
  readonly names: Names;
  readonly root: Frame;
  readonly #frameworks: readonly Framework[];
  readonly #active = new Map<string, number>();
  #cutAt = Number.POSITIVE_INFINITY;
  readonly #known = new Map<string, Value[]>();
  #budget = 60_000;
  readonly #ids = new Map<object, number>();

  constructor(names: Names, frameworks: readonly Framework[]) {
    this.names = names;
    this.#frameworks = frameworks;
    this.root = { scope: names.module, parent: null, self: null, call: null };
  }

  id(of: object): number {
    let id = this.#ids.get(of);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(of, id);
    }
    return id;
  }

  readonly #standalone = new Map<FunctionInfo, Frame>();
  /** The frame of a function that is looked at on its own: its parameters are whatever this file passes. */
  standalone(info: FunctionInfo): Frame {
    const known = this.#standalone.get(info);
    if (known) return known;
    const outer = info.scope.parent ?? this.names.module;
    const self: Value | null =
      info.owner && info.scope.self !== null
        ? { kind: "instance", info: info.owner, frame: this.root, call: null, scope: this.names.module }
        : null;
    const frame: Frame = { scope: info.scope, parent: this.frameOf(outer), self, call: null };
    this.#standalone.set(info, frame);
    return frame;
  }

  frameOf(scope: Scope): Frame {
    const { home } = scope;
    if (home.info) return this.standalone(home.info);
    return home.parent ? this.frameOf(home.parent) : this.root;
  }

  evaluate(node: Expression, frame: Frame, scope: Scope = frame.scope): Value[] {
    const key = `${this.id(node)}@${this.id(frame)}`;
    const known = this.#known.get(key);
    if (known) return known;
    // A name defined by itself (`model = DDP(model)`) has nothing to add.
    const depth = this.#active.size;
    const entered = this.#active.get(key);
    if (entered !== undefined) {
      this.#cutAt = Math.min(this.#cutAt, entered);
      return [];
    }
    if (depth > MAX_DEPTH || this.#budget-- <= 0) return [UNKNOWN];
    const outerCut = this.#cutAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#active.set(key, depth);
    try {
      const found = this.#evaluate(node, frame, scope);
      const values = found.length > MAX_VALUES ? [...found.slice(0, MAX_VALUES), UNKNOWN] : found;
      // An answer that a cycle through something further out cut short is not the whole answer.
      if (this.#cutAt >= depth) this.#known.set(key, values);
      return values;
    } finally {
      this.#active.delete(key);
      this.#cutAt = Math.min(outerCut, this.#cutAt >= depth ? Number.POSITIVE_INFINITY : this.#cutAt);
    }
  }

  #evaluate(node: Expression, frame: Frame, scope: Scope): Value[] {
    switch (node.kind) {
      case "name":
        return this.#name(node.id, frame, scope, rangeOf(node).start);
      case "attribute":
        return this.#attribute(node.object, node.name, frame, scope);
      case "call":
        return this.#call(node, frame, scope);
      case "number":
      case "string":
      case "lambda":
      case "unary":
        if (node.kind === "lambda") {
          const inner = this.names.scopes.get(node)?.info;
          return inner ? [{ kind: "function", info: inner, frame, self: null }] : [UNKNOWN];
        }
        return [{ kind: "literal", node, frame, scope }];
      case "constant":
        return node.value === null ? [{ kind: "none" }] : [{ kind: "literal", node, frame, scope }];
      case "sequence": {
        const items = node.elements.map((element): Located => ({ node: element, frame, scope }));
        const plain = !node.elements.some((element) => element.kind === "starred");
        return [{ kind: "elements", items: plain ? items : null, keys: null, any: items }];
      }
      case "dict": {
        const items = node.entries.map(({ value }): Located => ({ node: value, frame, scope }));
        const keys = node.entries.map(({ key }) =>
          key?.kind === "string" || key?.kind === "number" ? key.value : null,
        );
        return [{ kind: "elements", items, keys, any: items }];
      }
      case "comprehension": {
        const inner = this.names.scopes.get(node) ?? scope;
        return [{ kind: "elements", items: null, keys: null, any: [{ node: node.element, frame, scope: inner }] }];
      }
      case "conditional":
        return [...this.evaluate(node.body, frame, scope), ...this.evaluate(node.otherwise, frame, scope)];
      case "binary":
        if (node.operator === "or" || node.operator === "and")
          return [...this.evaluate(node.left, frame, scope), ...this.evaluate(node.right, frame, scope)];
        if (node.operator === "+") {
          const sides = [...this.evaluate(node.left, frame, scope), ...this.evaluate(node.right, frame, scope)];
          const any = sides.flatMap((side) => (side.kind === "elements" ? side.any : []));
          if (any.length > 0) return [{ kind: "elements", items: null, keys: null, any }];
        }
        return [{ kind: "literal", node, frame, scope }];
      case "walrus":
        return this.evaluate(node.value, frame, scope);
      case "subscript":
        return this.#subscript(node.object, node.index, frame, scope);
      default:
        return [UNKNOWN];
    }
  }

  /** The frame in whose activation `scope`'s names live, seen from `frame`. */
  frameFor(scope: Scope, frame: Frame): Frame {
    const { home } = scope;
    for (let at: Frame | null = frame; at; at = at.parent) if (at.scope === home) return at;
    return this.frameOf(home);
  }

  #name(id: string, frame: Frame, scope: Scope, use: number): Value[] {
    const variable = scope.lookup(id);
    if (!variable?.scope) return BUILTINS.has(id) ? [this.#external(`builtins.${id}`, null, frame, scope)] : [UNKNOWN];
    const at = this.frameFor(variable.scope, frame);
    if (at.self && variable.scope.self === id) return [at.self];
    return this.variable(
      variable,
      at,
      variable.scope === scope.home ? reaching(variable.bindings, use) : variable.bindings,
    );
  }

  /** All that a variable is bound to. `frame` is the one that its scope lives in. */
  variable(variable: Variable, frame: Frame, bindings: readonly Binding[] = variable.bindings): Value[] {
    if (variable.bindings.length === 0 && variable.contents.length === 0) return [UNKNOWN];
    const values = bindings.flatMap((binding) => this.#binding(binding, this.frameFor(binding.scope, frame)));
    if (variable.contents.length > 0) {
      const any = variable.contents.flatMap(({ binding }) => located(binding, this.frameFor(binding.scope, frame)));
      const keys = variable.contents.map(({ key }) => key);
      const whole = any.length === keys.length ? any : null;
      values.push({ kind: "elements", items: whole, keys: whole ? keys : null, any });
    }
    return values;
  }

  #binding(binding: Binding, frame: Frame): Value[] {
    switch (binding.kind) {
      case "value":
        return this.follow({ node: binding.value, frame, scope: binding.scope, path: binding.path });
      case "element":
        return this.follow({ node: binding.iterable, frame, scope: binding.scope, path: binding.path, iterated: true });
      case "context":
        return this.evaluate(binding.value, frame, binding.scope);
      case "import":
        return [this.#external(binding.name, null, frame, binding.scope)];
      case "function":
        return [{ kind: "function", info: binding.info, frame, self: null }];
      case "class":
        return [{ kind: "class", info: binding.info, frame }];
      case "parameter":
        return this.#parameter(binding, frame);
      case "unknown":
        return [UNKNOWN];
    }
  }

  /** Evaluates a place, taking its element if it is iterated over, and then the parts that a tuple target takes. */
  follow({ node, frame, scope, path = [], iterated = false }: Located): Value[] {
    let values = this.evaluate(node, frame, scope);
    if (iterated) values = this.#iterate(node, values, frame, scope);
    for (const index of path) values = values.flatMap((value) => this.#item(value, index));
    return values;
  }

  /** What iterating over these values gives. */
  #iterate(node: Expression, values: readonly Value[], frame: Frame, scope: Scope): Value[] {
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
        return this.follow(sources[0]);
      if (node.callee.kind === "attribute" && (name === "values" || name === "items")) {
        const held = this.evaluate(node.callee.object, frame, scope);
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
    if (value.kind !== "elements") return value.kind === "none" ? [] : [UNKNOWN];
    return value.any.flatMap((item) => this.follow(item));
  }

  #item(value: Value, index: string | number): Value[] {
    switch (value.kind) {
      case "elements": {
        if (!value.items) return this.#elements(value);
        const at = value.keys ? value.keys.lastIndexOf(index) : Number(index);
        const item = value.items.at(at === -1 && value.keys ? value.items.length : at);
        return item ? this.follow(item) : this.#elements(value);
      }
      case "external":
        return [{ ...value, name: `${value.name}[${index}]` }];
      case "none":
        return [];
      default:
        return [UNKNOWN];
    }
  }

  #subscript(object: Expression, index: Expression | null, frame: Frame, scope: Scope): Value[] {
    const values = this.evaluate(object, frame, scope);
    const key =
      index?.kind === "string" || index?.kind === "number"
        ? index.value
        : index?.kind === "unary" && index.operator === "-" && index.operand.kind === "number"
          ? -index.operand.value
          : null;
    if (key === null) return values.flatMap((value) => this.#elements(value));
    // Filled piece by piece (`opt = {}; opt["g"] = …`): the piece with this key, if there is one.
    const keyed = values.filter((value) => value.kind === "elements" && value.keys?.includes(key));
    return (keyed.length > 0 ? keyed : values).flatMap((value) => this.#item(value, key));
  }

  #attribute(object: Expression, name: string, frame: Frame, scope: Scope): Value[] {
    const values = this.evaluate(object, frame, scope).flatMap((value) => this.member(value, name));
    // `args.clip = 0.25`, written from outside.
    const variable = this.variableOf(object, frame, scope);
    const written = variable?.variable.attributes.get(name);
    if (written && variable) {
      const known = values.filter((value) => value.kind !== "unknown");
      return [...known, ...this.variable(written, variable.frame)];
    }
    return values;
  }

  member(value: Value, name: string): Value[] {
    switch (value.kind) {
      case "external":
        return [{ ...value, name: `${value.name}.${name}` }];
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
    const method = info.methods.get(name);
    if (method) {
      const decorators = method.node.kind === "function" ? method.node.decorators : [];
      const self = value.kind === "instance" ? value : null;
      if (decorators.some((d) => d.kind === "name" && d.id === "property"))
        return method.returns.flatMap((node) => {
          const frame = { ...this.standalone(method), self: self ?? null };
          return this.evaluate(node, frame, method.scope);
        });
      return [{ kind: "function", info: method, frame: this.frameOf(info.scope.parent ?? this.names.module), self }];
    }
    for (const variable of [info.attributes.get(name), info.scope.variables.get(name)]) {
      if (!variable) continue;
      for (const binding of variable.bindings) {
        const within = this.frameOf(binding.scope);
        const frame = binding.scope.self !== null && value.kind === "instance" ? { ...within, self: value } : within;
        // Class attributes without a value (a dataclass's fields) come from the constructor.
        if (binding.kind === "unknown" && binding.scope === info.scope) {
          found.push(...this.#field(value, name));
          continue;
        }
        const given =
          binding.scope === info.scope && value.kind === "instance" && value.call && argumentOf(value.call, null, name);
        if (given && value.kind === "instance") found.push(...this.evaluate(given.value, value.frame, value.scope));
        else found.push(...this.#binding(binding, this.#inConstructor(frame, value, info)));
      }
      if (variable.contents.length > 0) {
        const any = variable.contents.flatMap(({ binding }) => located(binding, this.frameOf(binding.scope)));
        const keys = variable.contents.map(({ key }) => key);
        const keyed = any.length === keys.length && keys.every((key) => key !== null);
        found.push({ kind: "elements", items: keyed ? any : null, keys: keyed ? keys : null, any });
      }
    }
    if (found.length > 0) return found;
    let opaque = false;
    for (const base of info.node.bases)
      for (const parent of this.evaluate(base.value, this.frameOf(info.scope.parent ?? this.names.module))) {
        if (parent.kind === "class") found.push(...this.#classMember(value, parent.info, name, seen));
        else if (parent.kind === "external")
          found.push({ ...parent, name: `${parent.name}${value.kind === "instance" ? "()" : ""}.${name}`, call: null });
        else opaque = true;
      }
    if (opaque || found.length === 0) found.push(UNKNOWN);
    return found;
  }

  /** `self.opt = opt` in `__init__`: bind its parameters by the call that made this very instance, where that is known. */
  #inConstructor(frame: Frame, value: Value & { kind: "class" | "instance" }, info: ClassInfo): Frame {
    if (value.kind !== "instance" || !value.call || frame.scope.info?.name !== "__init__") return frame;
    if (frame.scope.info.owner !== info) return frame;
    return { ...frame, call: { call: value.call, frame: value.frame, scope: value.scope } };
  }

  #field(value: Value & { kind: "class" | "instance" }, name: string): Value[] {
    if (value.kind !== "instance" || !value.call) return [UNKNOWN];
    const argument = argumentOf(value.call, null, name);
    return argument ? this.evaluate(argument.value, value.frame, value.scope) : [UNKNOWN];
  }

  #external(name: string, call: Call | null, frame: Frame, scope: Scope): Value {
    return { kind: "external", name: this.#canonical(name), call, frame, scope };
  }

  #canonical(name: string): string {
    for (const framework of this.#frameworks)
      for (const [from, to] of framework.aliases ?? [])
        if (name === from || name.startsWith(`${from}.`) || name.startsWith(`${from}(`))
          return to + name.slice(from.length);
    return name;
  }

  #call(call: Call, frame: Frame, scope: Scope): Value[] {
    const { callee } = call;
    if (callee.kind === "name" && callee.id === "super" && frame.self?.kind === "instance") return [this.#super(frame)];
    return this.evaluate(callee, frame, scope).flatMap((value): Value[] => {
      switch (value.kind) {
        case "external":
          return this.#externalCall(value, call, frame, scope);
        case "class":
          return [{ kind: "instance", info: value.info, call, frame, scope }];
        case "function":
          return this.#returned(value, call, frame, scope);
        case "instance": {
          const method = this.member(value, "__call__").filter((m) => m.kind === "function");
          return method.length > 0 ? method.flatMap((m) => this.#returned(m, call, frame, scope)) : [UNKNOWN];
        }
        default:
          return [UNKNOWN];
      }
    });
  }

  #super(frame: Frame): Value {
    const owner = frame.scope.info?.owner;
    if (!owner || frame.self?.kind !== "instance") return UNKNOWN;
    for (const base of owner.node.bases)
      for (const parent of this.evaluate(base.value, this.frameOf(owner.scope.parent ?? this.names.module)))
        if (parent.kind === "class") return { ...frame.self, info: parent.info };
        else if (parent.kind === "external") return { ...parent, name: `${parent.name}()`, call: null };
    return UNKNOWN;
  }

  #externalCall(callee: Value & { kind: "external" }, call: Call, frame: Frame, scope: Scope): Value[] {
    const result: Value = { kind: "external", name: `${callee.name}()`, call, frame, scope };
    if (callee.name === "builtins.getattr") return this.#getattr(call, frame, scope);
    const through = this.#frameworks.map((framework) => framework.passThrough?.[callee.name]).find((found) => found);
    if (!through) return [result];
    const plain = call.arguments.filter((argument) => argument.keyword === null && argument.stars === 0);
    const items = plain.map((argument): Located => ({ node: argument.value, frame, scope }));
    const [first] = items;
    if (through === "first" || items.length === 1) {
      const passed = first ? this.follow(first) : [];
      return passed.some((value) => value.kind !== "unknown") ? passed : [result];
    }
    if (items.length !== call.arguments.filter((argument) => argument.keyword === null).length) return [UNKNOWN];
    return [{ kind: "elements", items, keys: null, any: items }];
  }

  #getattr(call: Call, frame: Frame, scope: Scope): Value[] {
    const [object, name] = call.arguments;
    if (!object || !name) return [UNKNOWN];
    const literal = name.value.kind === "string" ? name.value.value : null;
    return this.evaluate(object.value, frame, scope).flatMap((value): Value[] => {
      if (literal !== null) return this.member(value, literal);
      // `getattr(optim, args.optimizer)`: some member of that module.
      return value.kind === "external" ? [{ ...value, name: `${value.name}.*` }] : [UNKNOWN];
    });
  }

  #returned(value: Value & { kind: "function" }, call: Call, frame: Frame, scope: Scope): Value[] {
    const { info } = value;
    if (info.returns.length === 0 || info.yields) return [info.yields ? UNKNOWN : { kind: "none" }];
    const inner = this.enter(value, { call, frame, scope });
    return info.returns.flatMap((node) => this.evaluate(node, inner, info.scope));
  }

  readonly #entered = new Map<string, Frame>();
  /** The frame that a call of a function opens; the same call from the same frame opens the same one. */
  enter(value: Value & { kind: "function" }, call: Frame["call"]): Frame {
    const self =
      value.self && "info" in value.self
        ? `${this.id(value.self.info)} ${"call" in value.self && value.self.call ? this.id(value.self.call) : ""}`
        : "";
    const from = call ? `${this.id(call.call)} ${this.id(call.frame)}` : "";
    const key = `${this.id(value.info)} ${this.id(value.frame)} ${self} ${from}`;
    let frame = this.#entered.get(key);
    if (!frame) {
      frame = { scope: value.info.scope, parent: value.frame, self: value.self, call };
      this.#entered.set(key, frame);
    }
    return frame;
  }

  #parameter(binding: Binding & { kind: "parameter" }, frame: Frame): Value[] {
    const { parameter, scope } = binding;
    if (parameter.stars !== 0) return [UNKNOWN];
    const passed = frame.call
      ? [this.argumentFor(binding, frame.call.call, frame)]
      : this.callersOf(scope).map((site) => this.argumentFor(binding, site.call, frame));
    const known = passed.flatMap((argument): Value[] => {
      if (argument === "default")
        return parameter.fallback
          ? this.evaluate(parameter.fallback, this.frameOf(scope.parent ?? this.names.module))
          : [UNKNOWN];
      if (argument === null) return [UNKNOWN];
      const from =
        frame.call && frame.call.call === argument.call
          ? frame.call
          : { frame: this.frameOf(argument.scope), scope: argument.scope };
      return this.evaluate(argument.node, from.frame, from.scope);
    });
    if (passed.length > 0) return known;
    const fallback = parameter.fallback ? this.evaluate(parameter.fallback, this.root) : [];
    return [...fallback, UNKNOWN];
  }

  /** The expression that a call passes for a parameter; "default" where it passes none, null where it can't be told. */
  argumentFor(
    { parameter, index, scope }: Binding & { kind: "parameter" },
    call: Call,
    frame: Frame,
  ): { node: Expression; call: Call; scope: Scope } | "default" | null {
    const info = scope.info;
    const shift = info?.owner && scope.self !== null ? 1 : 0;
    const site = this.#siteOf(call);
    const argument = argumentOf(call, index - shift, parameter.name);
    if (argument)
      return {
        node: argument.value,
        call,
        scope: frame.call?.call === call ? frame.call.scope : (site?.scope ?? this.names.module),
      };
    return call.arguments.some((given) => given.stars !== 0) ? null : "default";
  }

  #sites: Map<Call, CallSite> | null = null;
  #siteOf(call: Call): CallSite | undefined {
    if (!this.#sites) {
      this.#sites = new Map();
      for (const sites of this.names.calls.values()) for (const site of sites) this.#sites.set(site.call, site);
    }
    return this.#sites.get(call);
  }

  statementOf(call: Call): Statement | null {
    return this.#siteOf(call)?.statement ?? null;
  }

  scopeOf(call: Call): Scope | null {
    return this.#siteOf(call)?.scope ?? null;
  }

  readonly #callers = new Map<Scope, CallSite[]>();
  /** The calls in this file that may enter the function of `scope`; for `__init__`, the constructor calls. */
  callersOf(scope: Scope): CallSite[] {
    const known = this.#callers.get(scope);
    if (known) return known;
    this.#callers.set(scope, []);
    const info = scope.info;
    if (!info) return [];
    const name = info.name === "__init__" && info.owner ? info.owner.node.name : info.name;
    const found = (this.names.calls.get(name) ?? []).filter((site) => {
      const { callee } = site.call;
      const targets = this.evaluate(callee, this.frameOf(site.scope), site.scope);
      return targets.some(
        (target) =>
          (target.kind === "function" && target.info === info) ||
          (target.kind === "class" && target.info === info.owner),
      );
    });
    this.#callers.set(scope, found);
    return found;
  }

  /** The variable that a name or an attribute path means, with the frame that it lives in; parameters are followed to the caller's. */
  variableOf(node: Expression, frame: Frame, scope: Scope = frame.scope): { variable: Variable; frame: Frame } | null {
    if (node.kind === "name") {
      const variable = scope.lookup(node.id);
      if (!variable) return BUILTINS.has(node.id) ? null : { variable: this.#unbound(node.id), frame: this.root };
      if (!variable.scope) return null;
      const at = this.frameFor(variable.scope, frame);
      const only = variable.bindings.length === 1 ? variable.bindings[0] : undefined;
      if (only?.kind === "parameter" && at.call) {
        const argument = this.argumentFor(only, at.call.call, at);
        if (argument && argument !== "default")
          return this.variableOf(argument.node, at.call.frame, argument.scope) ?? { variable, frame: at };
      }
      return { variable, frame: at };
    }
    if (node.kind === "attribute") {
      if (node.object.kind === "name") {
        const self = this.evaluate(node.object, frame, scope).find((value) => value.kind === "instance");
        if (self?.kind === "instance") {
          const attribute = this.attributeOf(self.info, node.name);
          if (attribute) return { variable: attribute, frame };
        }
      }
      const holder = this.variableOf(node.object, frame, scope);
      return holder ? { variable: holder.variable.attribute(node.name), frame: holder.frame } : null;
    }
    return null;
  }

  readonly #free = new Map<string, Variable>();
  /** A name that nothing here binds (a wildcard import, a notebook's earlier cell) still is one thing. */
  #unbound(name: string): Variable {
    let variable = this.#free.get(name);
    if (!variable) {
      variable = new Variable(name, null);
      this.#free.set(name, variable);
    }
    return variable;
  }

  attributeOf(info: ClassInfo, name: string, seen = new Set<ClassInfo>()): Variable | null {
    if (seen.has(info)) return null;
    seen.add(info);
    const own = info.attributes.get(name) ?? info.scope.variables.get(name);
    if (own) return own;
    for (const base of info.node.bases)
      for (const parent of this.evaluate(base.value, this.frameOf(info.scope.parent ?? this.names.module)))
        if (parent.kind === "class") {
          const found = this.attributeOf(parent.info, name, seen);
          if (found) return found;
        }
    return null;
  }
}

function located(binding: Binding, frame: Frame): Located[] {
  if (binding.kind === "value") return [{ node: binding.value, frame, scope: binding.scope, path: binding.path }];
  if (binding.kind === "element")
    return [{ node: binding.iterable, frame, scope: binding.scope, path: binding.path, iterated: true }];
  return [];
}
