/**
 * What an expression may stand for, followed through assignments, attributes, parameters, returns, tuples, containers and
 * calls within the file. An answer is a set of candidates; {@link UNKNOWN} among them means that there may be others.
 */
import type { Framework, Meaning } from "../../frameworks/framework.ts";
import { type Call, type Expression, rangeOf } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Importer } from "../../workspace.ts";
import { BUILTINS } from "../names/builtins.ts";
import { reaching } from "../names/reaching.ts";
import { readsOf } from "../names/reads.ts";
import type { Binding, Names, Scope, Variable } from "../names/scope.ts";
import { once, onceAWord } from "../once.ts";
import { Callers } from "./callers.ts";
import { Elements } from "./elements.ts";
import type { Frames } from "./frames.ts";
import { Identities } from "./identities.ts";
import { Imports } from "./imports.ts";
import { Members } from "./members.ts";
import { type Frame, type Located, located, UNKNOWN, type Value } from "./value.ts";
import { Variables } from "./variables.ts";

const MAX_DEPTH = 24;
const MAX_VALUES = 12;
const BUDGET = 60_000;

type Answers = ReadonlyMap<Frame, ReadonlyMap<Expression, Value[]>>;

export class Values {
  readonly names: Names;
  readonly identities: Identities;
  readonly imports: Imports;
  readonly callers = new Callers(this);
  readonly elements = new Elements(this);
  readonly members = new Members(this);
  readonly variables = new Variables(this);
  readonly #frameworks: readonly Framework[];
  readonly #canonical: (name: string) => string;
  /** What is being evaluated, outermost first: the node, and in the other list its frame. */
  readonly #active: Expression[] = [];
  readonly #activeFrames: Frame[] = [];
  #cutAt = Number.POSITIVE_INFINITY;
  readonly #known = new Map<Frame, Map<Expression, Value[]>>();
  /** What others have found, first come first. */
  readonly #recalled = new Map<Frame, ReadonlyMap<Expression, Value[]>[]>();
  #budget = BUDGET;

  constructor(
    names: Names,
    frameworks: readonly Framework[],
    importer: Importer | null = null,
    identities = new Identities(names.module),
  ) {
    this.names = names;
    this.identities = identities;
    this.#frameworks = frameworks;
    this.#canonical = canonicalNames(frameworks);
    this.imports = new Imports(this, importer, frameworks);
  }

  get frames(): Frames {
    return this.identities.frames;
  }

  /** Takes over what others have found, before anything is asked that they may know. */
  recall(others: Iterable<Values>): void {
    for (const other of others) {
      this.variables.recall(other.variables);
      const answers: Answers = other.#known;
      for (const [frame, inFrame] of answers) {
        const known = this.#recalled.get(frame);
        if (known) known.push(inFrame);
        else this.#recalled.set(frame, [inFrame]);
      }
    }
  }

  evaluate(node: Expression, frame: Frame, scope: Scope = frame.scope): Value[] {
    let known = this.#known.get(frame);
    if (!known) {
      known = new Map();
      this.#known.set(frame, known);
    }
    const answer =
      known.get(node) ??
      this.#recalled
        .get(frame)
        ?.find((inFrame) => inFrame.has(node))
        ?.get(node);
    if (answer) return answer;
    // A name defined by itself (`model = DDP(model)`) has nothing to add.
    const depth = this.#active.length;
    const entered = this.#entered(node, frame);
    if (entered !== -1) {
      this.#cutAt = Math.min(this.#cutAt, entered);
      return [];
    }
    if (depth > MAX_DEPTH || this.#budget-- <= 0) return [UNKNOWN];
    const outerCut = this.#cutAt;
    this.#cutAt = Number.POSITIVE_INFINITY;
    this.#active.push(node);
    this.#activeFrames.push(frame);
    try {
      const all = this.#evaluate(node, frame, scope);
      const found = all.length > MAX_VALUES ? this.#distinct(all) : all;
      const values = found.length > MAX_VALUES ? [...found.slice(0, MAX_VALUES), UNKNOWN] : found;
      // An answer that a cycle through something further out cut short is not the whole answer.
      if (this.#cutAt >= depth) known.set(node, values);
      return values;
    } finally {
      this.#active.pop();
      this.#activeFrames.pop();
      this.#cutAt = Math.min(outerCut, this.#cutAt >= depth ? Number.POSITIVE_INFINITY : this.#cutAt);
    }
  }

  /** The depth at which that is being evaluated already; -1 where it isn't. */
  #entered(node: Expression, frame: Frame): number {
    let depth = this.#active.lastIndexOf(node);
    while (depth > 0 && this.#activeFrames[depth] !== frame) depth = this.#active.lastIndexOf(node, depth - 1);
    return this.#activeFrames[depth] === frame ? depth : -1;
  }

  /** The same call may be come to on several ways: a state that is updated in a loop, and rebuilt from itself. */
  #distinct(values: readonly Value[]): Value[] {
    const { frames } = this;
    const known = new Map<string, Value>();
    values.forEach((value, index) => {
      const key =
        value.kind === "external" && value.call
          ? `${value.name} ${frames.id(value.call)} ${frames.id(value.frame)}`
          : `${index}`;
      if (!known.has(key)) known.set(key, value);
    });
    return [...known.values()];
  }

  #evaluate(node: Expression, frame: Frame, scope: Scope): Value[] {
    switch (node.kind) {
      case "name":
        return this.#name(node, frame, scope);
      case "attribute":
        return this.#attribute(node.object, node.name, frame, scope);
      case "call":
        return this.#call(node, frame, scope);
      case "number":
      case "string":
      case "lambda":
      case "unary":
        if (node.kind === "lambda") {
          const inner = this.scopeOf(node, scope).info;
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
        return [{ kind: "elements", node, items, keys, any: items }];
      }
      case "comprehension": {
        const inner = this.scopeOf(node, scope);
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
        return this.elements.subscript(node.object, node.index, frame, scope);
      default:
        return [UNKNOWN];
    }
  }

  /** The scope that a comprehension or lambda in `scope` opens. */
  scopeOf(node: Expression, scope: Scope): Scope {
    return this.imports.namesIn(scope).scopes.get(node) ?? scope;
  }

  #name(node: Expression & { kind: "name" }, frame: Frame, scope: Scope): Value[] {
    const { id } = node;
    const variable = scope.lookup(id);
    if (!variable?.scope) {
      if (BUILTINS.has(id)) return [this.#external(`builtins.${id}`, null, frame, scope)];
      const imported = this.imports.findWildcard(id, scope);
      if (imported) return imported;
      const name = this.#fromWildcard(id, scope);
      return name ? [this.#external(name, null, frame, scope)] : [UNKNOWN];
    }
    const at = this.frames.for(variable.scope, frame);
    if (at.self && variable.scope.self === id) return [at.self];
    if (variable.scope !== scope.home) return this.variable(variable, at);
    const bindings = reaching(variable.bindings, rangeOf(node).start);
    if (!scope.home.parent && variable.bindings.length > 1) readsOf(this.names)?.reached(variable, node, bindings);
    return this.variable(variable, at, bindings);
  }

  /** The qualified name that a wildcard import gave, where a framework knows it; `torch` is the module, whoever imported it. */
  #fromWildcard(id: string, scope: Scope): string | null {
    if (scope.module.wildcards.length > 0 && this.#frameworks.some(({ inert }) => inert?.test(id))) return id;
    for (let at: Scope | null = scope; at; at = at.parent)
      for (const module of at.wildcards) {
        const name = this.canonical(`${module}.${id}`);
        const known = this.#frameworks.some(
          ({ optimizers, calls, carries, passThrough }) =>
            optimizers?.test(name) || calls?.[name] || carries?.[name] || passThrough?.[name],
        );
        if (known) return name;
      }
    return null;
  }

  /** All that a variable is bound to. `frame` is the one that its scope lives in. */
  variable(variable: Variable, frame: Frame, bindings: readonly Binding[] = variable.bindings): Value[] {
    if (variable.bindings.length === 0 && variable.contents.length === 0) return [UNKNOWN];
    const values = bindings.flatMap((binding) => this.bound(binding, this.frames.for(binding.scope, frame)));
    if (variable.contents.length > 0) {
      const any = variable.contents.flatMap(({ binding }) => located(binding, this.frames.for(binding.scope, frame)));
      const keys = variable.contents.map(({ key }) => key);
      const whole = any.length === keys.length ? any : null;
      values.push({ kind: "elements", items: whole, keys: whole ? keys : null, any });
    }
    return values;
  }

  /** What one binding gives a name. */
  bound(binding: Binding, frame: Frame): Value[] {
    switch (binding.kind) {
      case "value":
      case "context":
        return this.follow({ node: binding.value, frame, scope: binding.scope, path: binding.path });
      case "element":
        return this.follow({ node: binding.iterable, frame, scope: binding.scope, path: binding.path, iterated: true });
      case "import":
        return (
          this.imports.find(binding.name, binding.scope) ?? [this.#external(binding.name, null, frame, binding.scope)]
        );
      case "function":
        return [this.#decorated(binding, frame) ?? { kind: "function", info: binding.info, frame, self: null }];
      case "class":
        return [{ kind: "class", info: binding.info, frame }];
      case "parameter":
        return this.#parameter(binding, frame);
      case "unknown":
        return [UNKNOWN];
    }
  }

  /** `@jax.value_and_grad` above a function makes it the one that gives its gradient. */
  #decorated({ info, scope }: Binding & { kind: "function" }, frame: Frame): Value | null {
    if (info.node.kind !== "function") return null;
    for (const decorator of info.node.decorators)
      for (const value of this.evaluate(decorator, frame, scope))
        if (
          value.kind === "external" &&
          this.#frameworks.some(({ calls }) => calls?.[`${value.name}()`]?.event === "backward")
        )
          return { ...value, name: `${value.name}()`, call: null };
    return null;
  }

  /** Evaluates a place, taking its element if it is iterated over, and then the parts that a tuple target takes. */
  follow({ node, frame, scope, path = [], iterated = false }: Located): Value[] {
    let values = this.evaluate(node, frame, scope);
    if (iterated) values = this.elements.iterate(node, values, frame, scope);
    for (const index of path) values = values.flatMap((value) => this.elements.item(value, index));
    return values;
  }

  #attribute(object: Expression, name: string, frame: Frame, scope: Scope): Value[] {
    const values = this.evaluate(object, frame, scope).flatMap((value) => this.members.of(value, name));
    // `args.clip = 0.25`, written from outside.
    const variable = this.variables.of(object, frame, scope);
    const written = variable?.variable.attributes.get(name);
    if (written && variable && written.bindings.length + written.contents.length > 0) {
      const known = values.filter((value) => value.kind !== "unknown");
      return [...known, ...this.variable(written, variable.frame)];
    }
    return values;
  }

  #external(name: string, call: Call | null, frame: Frame, scope: Scope): Value {
    return { kind: "external", name: this.canonical(name), call, frame, scope };
  }

  /** The one name of what frameworks export under several. */
  canonical(name: string): string {
    return this.#canonical(name);
  }

  #call(call: Call, frame: Frame, scope: Scope): Value[] {
    const { callee } = call;
    if (callee.kind === "name" && callee.id === "super" && frame.self?.kind === "instance")
      return [this.members.base(frame)];
    return this.evaluate(callee, frame, scope).flatMap((value): Value[] => {
      switch (value.kind) {
        case "external":
          return this.#externalCall(value, call, frame, scope);
        case "class":
          return [{ kind: "instance", info: value.info, call, frame, scope }];
        case "function":
          return this.#returned(value, call, frame, scope);
        case "instance": {
          const method = this.members.of(value, "__call__").filter((m) => m.kind === "function");
          return method.length > 0 ? method.flatMap((m) => this.#returned(m, call, frame, scope)) : [UNKNOWN];
        }
        default:
          return [UNKNOWN];
      }
    });
  }

  /** What a library's function does with the functions that it is given. */
  runs(name: string): (Meaning & { event: "runs" }) | null {
    for (const { calls } of this.#frameworks) {
      const meaning = calls?.[name];
      if (meaning?.event === "runs") return meaning;
    }
    return null;
  }

  #externalCall(callee: Value & { kind: "external" }, call: Call, frame: Frame, scope: Scope): Value[] {
    // A factory of the base class makes an instance of the class that it is called on.
    const by = this.#frameworks.some(({ carries }) => carries?.[callee.name]) ? callee.by : undefined;
    const result: Value = { kind: "external", name: `${callee.name}()`, call, frame, scope, ...(by && { by }) };
    if (callee.name === "builtins.getattr") return this.#getattr(call, frame, scope);
    if (callee.name === "functools.partial") return this.#partial(call, frame, scope);
    if (call.callee.kind === "attribute" && this.#frameworks.some((known) => known.returnsReceiver?.test(callee.name)))
      return this.evaluate(call.callee.object, frame, scope);
    const through = this.#frameworks.map((framework) => framework.passThrough?.[callee.name]).find((found) => found);
    if (!through) return [result];
    if (typeof through === "object") {
      const given = argumentOf(call, through.position, through.keyword);
      return given ? this.evaluate(given.value, frame, scope) : [UNKNOWN];
    }
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

  #partial(call: Call, frame: Frame, scope: Scope): Value[] {
    const [first] = call.arguments;
    if (!first) return [UNKNOWN];
    const bound = { call, frame, scope };
    // What a library's function is given by position is told by the call that is made of it, unless it wraps functions.
    const named = call.arguments.slice(1).every((argument) => argument.keyword !== null);
    return this.evaluate(first.value, frame, scope).map((value) => {
      const keeps = value.kind === "external" && (named || this.#wrapsFunctions(value.name) || this.#clips(value.name));
      return (value.kind === "function" || keeps) && !value.bound ? { ...value, bound } : UNKNOWN;
    });
  }

  #clips(name: string): boolean {
    return this.#frameworks.some(({ calls }) => calls?.[name]?.event === "clip");
  }

  #wrapsFunctions(name: string): boolean {
    return this.#frameworks.some(
      ({ calls, passThrough, elementwise }) =>
        calls?.[`${name}()`]?.event === "backward" || passThrough?.[name] === "first" || elementwise?.test(name),
    );
  }

  #getattr(call: Call, frame: Frame, scope: Scope): Value[] {
    const [object, name] = call.arguments;
    if (!object || !name) return [UNKNOWN];
    const literal = name.value.kind === "string" ? name.value.value : null;
    return this.evaluate(object.value, frame, scope).flatMap((value): Value[] => {
      if (literal !== null) return this.members.of(value, literal);
      // `getattr(optim, args.optimizer)`: some member of that module.
      return value.kind === "external" ? [{ ...value, name: `${value.name}.*` }] : [UNKNOWN];
    });
  }

  #returned(value: Value & { kind: "function" }, call: Call, frame: Frame, scope: Scope): Value[] {
    const { info } = value;
    if (info.returns.length === 0 || info.yields) return [info.yields ? UNKNOWN : { kind: "none" }];
    const inner = this.frames.enter(value, { call, frame, scope });
    const returned = info.returns.map((node) => this.evaluate(node, inner, info.scope));
    // A factory of another module that may return anything: what little can be told of it would pass for the whole.
    const vague = returned.some((values) => values.length === 0 || values.some((value) => this.#mayBeAnything(value)));
    if (!vague || this.imports.isHere(info.scope)) return returned.flat();
    return [UNKNOWN, ...returned.flat().filter((known) => this.#standsOut(known))];
  }

  #mayBeAnything(value: Value): boolean {
    return value.kind === "unknown" || (value.kind === "external" && !this.imports.isFramework(value.name));
  }

  #standsOut(value: Value): boolean {
    if (value.kind !== "external") return ["instance", "class", "function"].includes(value.kind);
    const name = value.name.replace(/(\(\)|\[[^\]]*\])+$/, "");
    return this.#frameworks.some(({ optimizers }) => optimizers?.test(name));
  }

  #parameter(binding: Binding & { kind: "parameter" }, frame: Frame): Value[] {
    const { parameter, scope } = binding;
    if (parameter.stars !== 0) return [UNKNOWN];
    const passed = frame.call
      ? [this.callers.argumentFor(binding, frame.call.call, frame)]
      : this.callers.of(scope).map((site) => this.callers.argumentFor(binding, site.call, frame));
    const known = passed.flatMap((argument): Value[] => {
      if (argument === "default")
        return parameter.fallback ? this.evaluate(parameter.fallback, this.frames.around(scope)) : [UNKNOWN];
      if (argument === null) return [UNKNOWN];
      return this.evaluate(argument.node, argument.frame ?? this.frames.of(argument.scope), argument.scope);
    });
    if (passed.length > 0) return known;
    const fallback = parameter.fallback ? this.evaluate(parameter.fallback, this.frames.around(scope)) : [];
    return [...fallback, UNKNOWN];
  }
}

const canonicalNames = once((frameworks: readonly Framework[]) => {
  const aliases = frameworks.flatMap((framework) => framework.aliases ?? []);
  return onceAWord((name) => {
    for (const [from, to] of aliases)
      if (name === from || name.startsWith(`${from}.`) || name.startsWith(`${from}(`))
        return to + name.slice(from.length);
    return name;
  });
});
