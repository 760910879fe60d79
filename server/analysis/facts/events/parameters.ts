/** Which models' parameters an iterable holds, and whether two iterables may hold the same ones. */
import type { Call, Expression } from "../../syntax/ast.ts";
import { argumentOf, lastPart } from "../../syntax/call.ts";
import { type Binding, type ClassInfo, type Scope, Variable } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Frame } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { Answers } from "./answers.ts";
import type { ClipEvent, OptimizerRef, Seen } from "./events.ts";

/** Variables (or `self`'s class) whose parameters are meant; null where that can't be told. */
export type Roots = ReadonlySet<Variable | ClassInfo> | null;

const GATHERERS = new Set([
  "list",
  "tuple",
  "iter",
  "set",
  "sorted",
  "filter",
  "chain",
  "from_iterable",
  "reversed",
  "zip",
]);

const setsOf = once((values: Values) => new ParameterSets(values));

export class ParameterSets {
  readonly #values: Values;
  readonly #answers: Answers | null;
  readonly #ofClip = once((clip: ClipEvent) =>
    clip.parameters ? this.rootsOf(clip.parameters, clip.frame, clip.scope) : null,
  );
  readonly #alone = once((variable: Variable) => new Set([variable]));
  readonly #closure = once((roots: ReadonlySet<Variable | ClassInfo>) => this.#close(roots));

  constructor(values: Values, answers: Answers | null = null) {
    this.#values = values;
    this.#answers = answers;
  }

  #answer(question: string, of: object, by: object, find: (sets: ParameterSets) => boolean): boolean {
    return this.#answers ? this.#answers.to(question, of, by, (values) => find(setsOf(values))) : find(this);
  }

  rootsOf(node: Expression, frame: Frame, scope: Scope): Roots {
    const roots = new Set<Variable | ClassInfo>();
    return this.#gather(node, frame, scope, roots, new Set()) ? roots : null;
  }

  readonly ofOptimizer: (optimizer: OptimizerRef) => Roots = once(({ constructors }) => {
    if (constructors.length === 0) return null;
    const roots = new Set<Variable | ClassInfo>();
    const seen = new Set<unknown>();
    for (const { call, frame, scope } of constructors) {
      const given = argumentOf(call, 0, "params");
      if (given?.stars !== 0 || !this.#gather(given.value, frame, scope, roots, seen)) return null;
    }
    return roots;
  });

  /** False only where the clip is known to see none of the optimizer's parameters. */
  mayCover(clip: ClipEvent, optimizer: OptimizerRef): boolean {
    if (clip.origin) return this.mayCover(clip.origin, optimizer);
    return this.#answer("may cover", clip, optimizer, (sets) => sets.#mayCover(clip, optimizer));
  }

  #mayCover(clip: ClipEvent, optimizer: OptimizerRef): boolean {
    if (clip.optimizer) return overlap(clip.optimizer.keys, optimizer.keys) || clip.optimizer.constructors.length === 0;
    if (!clip.parameters) return this.#mayHold(clip, optimizer);
    const clipped = this.#ofClip(clip);
    const owned = this.ofOptimizer(optimizer);
    if (!clipped || !owned || clipped.size === 0 || owned.size === 0) return true;
    // `self.parameters()`: what the instance holds may have come from anywhere.
    if ([...clipped].some((root) => !(root instanceof Variable))) return true;
    return [...clipped].some((root) => this.#isAnyOf(root)) || this.#mayRelate(clipped, owned);
  }

  /** `for net in nets:`, of nets that came from elsewhere. */
  #isAnyOf(root: Variable | ClassInfo): boolean {
    if (!(root instanceof Variable)) return false;
    return root.bindings.some(
      (binding) =>
        binding.kind === "element" &&
        this.#values
          .evaluate(binding.iterable, this.#values.frames.of(binding.scope), binding.scope)
          .some((value) => value.kind === "unknown"),
    );
  }

  /** True only where the clip is known to see parameters of this optimizer. */
  surelyCovers(clip: ClipEvent, optimizer: OptimizerRef): boolean {
    if (clip.origin) return this.surelyCovers(clip.origin, optimizer);
    return this.#answer("surely covers", clip, optimizer, (sets) => sets.#surelyCovers(clip, optimizer));
  }

  #surelyCovers(clip: ClipEvent, optimizer: OptimizerRef): boolean {
    if (clip.optimizer) return overlap(clip.optimizer.keys, optimizer.keys);
    const clipped = this.#ofClip(clip);
    const owned = this.ofOptimizer(optimizer);
    return clipped !== null && owned !== null && this.related(clipped, owned);
  }

  /** What is gone through is known to hold parameters of this optimizer. */
  holds({ node, frame, scope }: Seen, optimizer: OptimizerRef): boolean {
    const roots = this.rootsOf(node, frame, scope);
    const owned = this.ofOptimizer(optimizer);
    return roots !== null && owned !== null && this.related(roots, owned);
  }

  /** The optimizer's parameters are known to be of this model. */
  areOf(seen: Seen, optimizer: OptimizerRef): boolean {
    return this.#answer("are of", seen, optimizer, (sets) => sets.#areOf(seen, optimizer));
  }

  #areOf({ node, frame, scope }: Seen, optimizer: OptimizerRef): boolean {
    const held = this.#values.variables.of(node, frame, scope);
    const owned = this.ofOptimizer(optimizer);
    return held !== null && owned !== null && this.related(this.#alone(held.variable), owned);
  }

  related(a: ReadonlySet<Variable | ClassInfo>, b: ReadonlySet<Variable | ClassInfo>): boolean {
    const fromA = this.#closure(a);
    const fromB = this.#closure(b);
    return (
      overlap(fromA.all, b) ||
      overlap(fromB.all, a) ||
      overlap(fromA.anyOf, fromB.all) ||
      overlap(fromB.anyOf, fromA.all)
    );
  }

  /** Or one holds an instance of a class, and the other what any instance of that class has. */
  #mayRelate(a: ReadonlySet<Variable | ClassInfo>, b: ReadonlySet<Variable | ClassInfo>): boolean {
    const fromA = this.#closure(a);
    const fromB = this.#closure(b);
    return this.related(a, b) || overlap(fromA.classes, fromB.all) || overlap(fromB.classes, fromA.all);
  }

  /** `model.clip_grad_norm_(1.0)`: the parameters of the object that the method is called on. */
  #mayHold(clip: ClipEvent, optimizer: OptimizerRef): boolean {
    const callee = clip.call?.callee;
    // `tools.clip(model, 1.0)`: what it clips is as likely what it is given.
    if (clip.how === "unknown" && clip.call && clip.call.arguments.length > 1) return true;
    if (callee?.kind !== "attribute") return true;
    const owned = this.ofOptimizer(optimizer);
    const held = this.#values.variables.of(callee.object, clip.frame, clip.scope);
    if (!owned || !held || owned.size === 0) return true;
    // `torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)`, where nothing here imports `torch`.
    if (clip.call?.arguments.some(({ value }) => value.kind === "call" && lastPart(value.callee) === "parameters"))
      return true;
    // `utils.clip_gradients(model, 1.0)`: a function of a module, which clips what it is given.
    if (held.variable.bindings.some((binding) => binding.kind === "import")) return true;
    return this.#mayRelate(this.#alone(held.variable), owned);
  }

  #gather(node: Expression, frame: Frame, scope: Scope, roots: Set<Variable | ClassInfo>, seen: Set<unknown>): boolean {
    const all = (nodes: readonly Expression[], within = scope) =>
      nodes.every((inner) => this.#gather(inner, frame, within, roots, seen));
    switch (node.kind) {
      case "call":
        return this.#call(node, frame, scope, roots, seen);
      case "name":
      case "attribute":
        if (node.kind === "attribute" && node.name === "param_groups")
          return this.#gather(node.object, frame, scope, roots, seen);
        return this.#variable(node, frame, scope, roots, seen);
      case "subscript":
        return this.#gather(node.object, frame, scope, roots, seen);
      case "sequence":
        return all(node.elements);
      case "dict":
        return all(
          node.entries.flatMap(({ key, value }) => (key?.kind === "string" && key.value === "params" ? [value] : [])),
        );
      case "comprehension": {
        const inner = this.#values.scopeOf(node, scope);
        const sources = node.clauses.map((clause) => clause.iterable);
        // `{"params": m.parameters()} for m in models` names them in its element; `p for p in …` in its source.
        const element = node.element.kind === "dict" || node.element.kind === "call" ? [node.element] : [];
        return all(element.length > 0 ? element : sources.slice(0, 1), inner);
      }
      case "binary":
        return node.operator === "+" || node.operator === "or" ? all([node.left, node.right]) : false;
      case "conditional":
        return all([node.body, node.otherwise]);
      case "starred":
        return all([node.value]);
      default:
        return false;
    }
  }

  #call(call: Call, frame: Frame, scope: Scope, roots: Set<Variable | ClassInfo>, seen: Set<unknown>): boolean {
    const { callee } = call;
    const values = call.arguments.map((argument) => argument.value);
    const name = callee.kind === "name" ? callee.id : callee.kind === "attribute" ? callee.name : "";
    if (name === "filter") return values[1] ? this.#gather(values[1], frame, scope, roots, seen) : false;
    if (GATHERERS.has(name)) return values.every((value) => this.#gather(value, frame, scope, roots, seen));
    if (name === "master_params" && values[0]) return this.#gather(values[0], frame, scope, roots, seen);
    const targets = this.#values.evaluate(callee, frame, scope).filter((value) => value.kind === "function");
    if (targets.length > 0)
      return targets.every((target) => {
        if (target.info.yields || target.info.returns.length === 0 || seen.has(target.info)) return false;
        seen.add(target.info);
        const inner = this.#values.frames.enter(target, { call, frame, scope });
        return target.info.returns.every((node) => this.#gather(node, inner, target.info.scope, roots, seen));
      });
    if (callee.kind === "attribute" && /param/.test(name)) return this.#model(callee.object, frame, scope, roots);
    // `model.to(device)`, `getattr(...)`: nothing that holds parameters on its own.
    return false;
  }

  #model(node: Expression, frame: Frame, scope: Scope, roots: Set<Variable | ClassInfo>): boolean {
    if (node.kind === "subscript" || node.kind === "call") return false;
    const self =
      node.kind === "name" ? this.#values.evaluate(node, frame, scope).find((v) => v.kind === "instance") : null;
    if (self?.kind === "instance" && node.kind === "name" && scope.home.self === node.id) {
      roots.add(self.info);
      return true;
    }
    const found = this.#values.variables.of(node, frame, scope)?.variable ?? null;
    if (found) roots.add(found);
    return found !== null;
  }

  #variable(
    node: Expression,
    frame: Frame,
    scope: Scope,
    roots: Set<Variable | ClassInfo>,
    seen: Set<unknown>,
  ): boolean {
    const found = this.#values.variables.of(node, frame, scope);
    if (!found) return false;
    const { variable } = found;
    if (seen.has(variable)) return true;
    seen.add(variable);
    if (variable.bindings.length === 0) return false;
    roots.add(variable);
    const places = [...variable.bindings, ...variable.contents.map(({ binding }) => binding)];
    return places.every((binding) => {
      const within = this.#values.frames.for(binding.scope, found.frame);
      if (binding.kind === "value") {
        const optimizer = this.#constructorArgument(binding.value, within, binding.scope);
        return this.#gather(optimizer ?? binding.value, within, binding.scope, roots, seen);
      }
      if (binding.kind === "element") return this.#gather(binding.iterable, within, binding.scope, roots, seen);
      return false;
    });
  }

  /** The parameters given to an optimizer's constructor, for `optimizer.param_groups`. */
  #constructorArgument(node: Expression, frame: Frame, scope: Scope): Expression | null {
    if (node.kind !== "call") return null;
    const isOptimizer = this.#values
      .evaluate(node, frame, scope)
      .some((value) => value.kind === "external" && /optim/i.test(value.name));
    return isOptimizer ? (argumentOf(node, 0, "params")?.value ?? null) : null;
  }

  /**
   * The roots, what they belong to, and what their definitions wrap (`net = DDP(model)`); the containers that they may be
   * any element of (`for net in nets`); and the classes that they are instances of, which may have optimizers of their own.
   */
  #close(roots: ReadonlySet<Variable | ClassInfo>) {
    const all = new Set<Variable | ClassInfo>();
    const anyOf = new Set<Variable | ClassInfo>();
    const classes = new Set<Variable | ClassInfo>();
    const queue = [...roots];
    for (let item = queue.pop(); item && all.size <= 200; item = queue.pop()) {
      if (all.has(item)) continue;
      all.add(item);
      if (!(item instanceof Variable)) continue;
      if (item.owner) queue.push(item.owner, ...this.#sameOf(item, item.owner));
      for (const binding of item.bindings) {
        const sources = this.#sources(binding);
        queue.push(...sources);
        if (binding.kind === "element") for (const container of sources) anyOf.add(container);
        for (const value of this.#values.bound(binding, this.#values.frames.of(binding.scope)))
          if (value.kind === "instance") for (const info of this.#values.members.lineage(value.info)) classes.add(info);
      }
    }
    return { all, anyOf, classes };
  }

  /** What a binding takes its value from. */
  #sources(binding: Binding): (Variable | ClassInfo)[] {
    const { scope } = binding;
    switch (binding.kind) {
      case "value": {
        const [index] = binding.path;
        return [...this.#mentions(partOf(binding.value, index), scope), ...this.#returned(binding.value, index, scope)];
      }
      case "context":
        return this.#mentions(binding.value, scope);
      case "element":
        return this.#mentions(zipped(binding) ?? binding.iterable, scope);
      case "parameter":
        return this.#values.callers.of(scope).flatMap((site) => {
          const given = this.#values.callers.argumentFor(binding, site.call, this.#values.frames.of(site.scope));
          return given && given !== "default" ? this.#mentions(given.node, given.scope) : [];
        });
      default:
        return [];
    }
  }

  /** What a function of ours that is called here gives back (`model, optimizer = build()`), or a part of it. */
  #returned(node: Expression, index: number | undefined, scope: Scope): (Variable | ClassInfo)[] {
    if (node.kind !== "call") return [];
    return this.#values
      .evaluate(node.callee, this.#values.frames.of(scope), scope)
      .flatMap((value) => (value.kind === "function" && !value.info.yields ? [value.info] : []))
      .flatMap((info) => info.returns.flatMap((returned) => this.#mentions(partOf(returned, index), info.scope)));
  }

  /** `net.head` for `self.net.head`, after `self.net = net`. */
  #sameOf({ name }: Variable, owner: Variable | ClassInfo): Variable[] {
    if (!(owner instanceof Variable)) return [];
    const aliases = owner.bindings.flatMap((binding) => {
      const value = binding.kind === "value" && binding.path.length === 0 ? binding.value : null;
      return value?.kind === "name" || value?.kind === "attribute" ? this.#mentions(value, binding.scope) : [];
    });
    return aliases.flatMap((alias) =>
      alias instanceof Variable ? (this.#values.variables.attribute(alias, name) ?? []) : [],
    );
  }

  #mentions(node: Expression, scope: Scope): (Variable | ClassInfo)[] {
    const frame = this.#values.frames.of(scope);
    switch (node.kind) {
      case "name":
      case "attribute": {
        const found = this.#values.variables.of(node, frame, scope)?.variable;
        return found ? [found] : [];
      }
      case "call":
        return [
          ...(node.callee.kind === "attribute" ? this.#mentions(node.callee.object, scope) : []),
          ...node.arguments.flatMap((argument) => this.#mentions(argument.value, scope)),
        ];
      case "sequence":
        return node.elements.flatMap((element) => this.#mentions(element, scope));
      case "dict":
        return node.entries.flatMap(({ value }) => this.#mentions(value, scope));
      case "subscript":
        return this.#mentions(node.object, scope);
      case "conditional":
        return [...this.#mentions(node.body, scope), ...this.#mentions(node.otherwise, scope)];
      default:
        return [];
    }
  }
}

/** An element of a display, or the whole of what isn't one. */
function partOf(node: Expression, index: number | undefined): Expression {
  return (node.kind === "sequence" && index !== undefined && node.elements[index]) || node;
}

/** The argument of `zip` that fills this place of the target. */
function zipped({ iterable, path }: Binding & { kind: "element" }): Expression | null {
  if (iterable.kind !== "call" || iterable.callee.kind !== "name" || iterable.callee.id !== "zip") return null;
  const [index] = path;
  return index === undefined ? null : (iterable.arguments[index]?.value ?? null);
}

export function overlap<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  for (const key of a) if (b.has(key)) return true;
  return false;
}
