/** What stands behind an expression that is used as an optimizer: its constructors, and the clipping that they were told to do. */
import type { ArgumentPlace, ClipSetting, Combination, Framework } from "../../frameworks/framework.ts";
import { type Call, type Expression, textOf } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Versions } from "../../workspace.ts";
import { usesExternal } from "../names/external-names.ts";
import { unwatched } from "../names/reads.ts";
import type { ClassInfo, FunctionInfo, Names, Scope } from "../names/scope.ts";
import { once, onceAWord } from "../once.ts";
import { asDisplay, type External, type Frame, type Located, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import { ClipSettings, type Said } from "./clip-settings.ts";
import type { Built, Combined, ConfiguredClip, OptimizerRef, Seen, Whole } from "./events.ts";
import { ANYWHERE, HandedIn, IN_ITS_MODULE } from "./handed-in.ts";
import { Models } from "./models.ts";
import { OwnLinks } from "./own-links.ts";
import { WrittenSettings } from "./written-settings.ts";

const MAX_DEPTH = 6;
/** `State(…)`, `State.create(…)` */
const MAKES_ITS_CLASS = /(^|\.)[A-Z]\w*(\.\w+)?$/;
const MENTIONS_CLIPPING = /clip|clamp_|^max_norm$/i;
const CLIPS_OR_STEPS = /clip|clamp|max_?\w*norm|(?<!super\([\w, ]*\))\.step\(/i;
/** Where gradients are values, they may be limited on the way by whatever measures or bounds them, or by another optimizer. */
const LIMITS_OR_APPLIES =
  /clip|clamp|norm(?!al(?!i[sz]))|minimum|maximum|transform|(?<!super\([\w, ]*\))\.(step|apply|apply_gradients|compute_gradients|minimize)\(/i;

/** What was found so far; constructors that carry or combine others add to the same. */
interface Found {
  readonly keys: Set<string>;
  readonly constructors: Built[];
  readonly configured: ConfiguredClip[];
  readonly wholes: Whole[];
  readonly combined: Combined[];
  readonly carriers: Set<Call>;
  named: Seen | null;
  opaque: boolean;
}

/** Those whose gradients something in the file clips that is neither call nor setting of theirs. */
export const clippedElsewhere = (names: Names, frameworks: readonly Framework[]): readonly Framework[] =>
  clippedIn(names)(frameworks);

const clippedIn = once((names: Names) =>
  once((frameworks: readonly Framework[]) => {
    const called = new Set([...names.calls.keys()].flatMap(clippingBy(frameworks)));
    return frameworks.filter(
      (framework) =>
        framework.clipsElsewhere && (called.has(framework) || usesExternal(names, framework.clipsElsewhere)),
    );
  }),
);

/** Those that something of such a name clips for. */
const clippingBy = once((frameworks: readonly Framework[]) =>
  onceAWord((name) => frameworks.filter(({ clipsElsewhere }) => clipsElsewhere?.test(name))),
);

export class Optimizers {
  readonly #values: Values;
  readonly #settings: ClipSettings;
  readonly #written: WrittenSettings;
  readonly #frameworks: readonly Framework[];
  readonly #clippedElsewhere: readonly Framework[];
  readonly #handedIn: HandedIn;
  readonly models: Models;
  readonly links: OwnLinks;
  #inWhole = false;

  constructor(values: Values, frameworks: readonly Framework[], versions: Versions) {
    this.#values = values;
    this.#settings = new ClipSettings(values, frameworks, versions);
    this.#written = new WrittenSettings(values);
    this.#frameworks = frameworks;
    this.#handedIn = new HandedIn(values, frameworks);
    this.models = new Models(values);
    this.links = new OwnLinks(values, frameworks);
    this.#clippedElsewhere = clippedElsewhere(unwatched(values.names), frameworks);
  }

  /** `framework` is the one whose update uses it. */
  refer(node: Expression, frame: Frame, scope: Scope, framework: Framework): OptimizerRef {
    const found: Found = {
      keys: new Set(),
      constructors: [],
      configured: [],
      wholes: [],
      combined: [],
      carriers: new Set(),
      named: null,
      // A framework that is told to clip by arguments says so itself.
      opaque: this.#clippedElsewhere.some((by) => by === framework || !framework.settings),
    };
    const variable = this.#values.variables.of(node, frame, scope)?.variable;
    if (!(framework.takesParameters && variable && this.#handedIn.isParameter(variable)))
      this.#resolve({ node, frame, scope }, framework, found, 0);
    if (variable && found.constructors.length === 0) {
      if (this.#handedIn.isInjected(variable, ANYWHERE)) found.opaque = true;
      found.keys.add(`variable ${this.#values.frames.id(variable)}`);
    }
    if (found.keys.size === 0) found.keys.add(`node ${this.#values.frames.id(node)}`);
    const handedOver =
      variable !== undefined &&
      !this.#values.imports.isHere(scope) &&
      this.#handedIn.isInjected(variable, IN_ITS_MODULE);
    return { node, frame, scope, ...found, handedOver };
  }

  /** What a call that makes an update says itself. */
  told(setting: Omit<ClipSetting, "on">, call: Call, frame: Frame, scope: Scope): Said {
    return this.#settings.inCall({ ...setting, on: /^/ }, call, frame, scope);
  }

  isOptimizer(name: string): boolean {
    return this.#frameworks.some((framework) => framework.optimizers?.test(name));
  }

  /** A class that the workspace defines is a framework's optimizer by its bases. */
  isDerived(info: ClassInfo): boolean {
    return this.#values.members.bases(info).some((base) => base.kind === "external" && this.isOptimizer(base.name));
  }

  /** A class that the workspace defines has what makes objects of this name among its bases, and no other that can't be seen. */
  derivesFrom(info: ClassInfo, made: RegExp): boolean {
    const bases = this.#values.members.bases(info).filter((base) => base.kind !== "class");
    return bases.length > 0 && bases.every((base) => base.kind === "external" && made.test(`${base.name}()`));
  }

  /** An optimizer, or something that only clips for one. */
  isTransformation(name: string): boolean {
    return this.isOptimizer(name) || this.#settings.of(name).length > 0;
  }

  combinationOf(name: string): Combination | undefined {
    return this.#frameworks.map(({ combines }) => combines?.[name]).find((known) => known);
  }

  /** It says by itself how far to go: what comes after it gets an update, and no gradients. */
  finishes(name: string): boolean {
    return this.#frameworks.some(({ finishes }) => finishes?.test(name));
  }

  #resolve(located: Located, framework: Framework, found: Found, depth: number): void {
    const isTold = framework.settings?.some(({ on }) => on.test("dict"));
    const followed = this.#values.follow(located);
    const values = isTold ? followed.map(asDisplay) : followed;
    for (const value of values)
      if (
        !this.#compiled(value, located, framework, found, depth) &&
        !this.#isWritten(value, located, framework, found)
      )
        this.#value(value, framework, found, depth);
    if (framework.settings && values.length === 0) found.opaque = true;
  }

  /** `self.optimizer` of a model is what `compile` was given. */
  #compiled(value: Value, located: Located, framework: Framework, found: Found, depth: number): boolean {
    if (depth >= MAX_DEPTH || value.kind !== "external") return false;
    const given = this.#frameworks.flatMap(({ compiled }) =>
      compiled ? this.models.optimizersOf(located, value, compiled) : [],
    );
    for (const optimizer of given) this.#resolve(optimizer, framework, found, depth + 1);
    return given.length > 0;
  }

  /** A configuration says what was written into it. */
  #isWritten(value: Value, located: Located, { written }: Framework, found: Found): boolean {
    if (!written || value.kind !== "external" || !value.call || !written.on.test(stripCall(value.name))) return false;
    found.keys.add(`call ${this.#values.frames.id(value.call)} ${this.#values.frames.id(value.frame)}`);
    this.#say(this.#written.of(written, located, value), found);
    return true;
  }

  #value(value: Value, framework: Framework, found: Found, depth: number): void {
    switch (value.kind) {
      case "external":
        if (depth < MAX_DEPTH && value.call) this.#external(value, value.call, framework, found, depth);
        else if (!(value.of && this.#carriedAs(value.name) && this.#derived(value.of, framework, found, depth)))
          found.opaque ||= framework.settings !== undefined;
        return;
      case "instance":
        if (!this.#derived(value, framework, found, depth)) this.#instance(value, framework, found);
        return;
      case "literal":
        if (value.node.kind === "string" && framework.namedOptimizers?.test(value.node.value)) {
          found.named = { node: value.node, frame: value.frame, scope: value.scope };
          found.keys.add(`named ${this.#values.frames.id(value.node)}`);
        } else if (framework.settings) found.opaque = true;
        return;
      case "elements":
        if (value.keys && framework.settings?.some(({ on }) => on.test("dict"))) {
          for (const setting of framework.settings)
            if (setting.on.test("dict")) this.#say(this.#settings.inDictionary(setting, value), found);
        } else if (this.#frameworks.some(({ combines }) => combines))
          for (const item of value.any) this.#part(item, framework, found, depth + 1);
        else if (framework.settings) found.opaque = true;
        return;
      case "none":
        return;
      default:
        // Where a constructor can be told to clip, an optimizer that can't be seen may clip.
        if (framework.settings) found.opaque = true;
    }
  }

  /** An element of what is combined; in a pair, the string is its label. */
  #part(item: Located, framework: Framework, found: Found, depth: number): void {
    if (item.node.kind !== "string") this.#resolve(item, framework, found, depth);
  }

  #external(value: External, call: Call, framework: Framework, found: Found, depth: number): void {
    const name = this.constructorOf(value.name);
    const { frame, scope } = value;
    const within = (node: Expression): Located => ({ node, frame, scope });
    const carried = this.#carriedBy(name) ?? this.#carriedAs(value.name);
    if (carried) {
      // A state may be made of itself: `state = create(tx=state.tx)`.
      if (found.carriers.has(call)) return;
      found.carriers.add(call);
      for (const setting of this.#settings.of(name))
        this.#say(this.#settings.inCall(setting, call, frame, scope), found);
      const given = argumentOf(call, carried.position, carried.keyword);
      if (given) this.#resolve(within(given.value), framework, found, depth + 1);
      else found.opaque = true;
      return;
    }
    const settings = this.#settings.of(name);
    const transforms = settings.length > 0 && !this.isOptimizer(name);
    const combination = this.combinationOf(name);
    if (combination) {
      this.#combined(combination, { call, frame, scope, name }, framework, found, depth);
      return;
    }
    const isOwn = this.links.isMadeBy(name);
    if (!transforms && !isOwn && !this.isOptimizer(name)) {
      // A helper that can't be seen makes the train state of an optimizer that it is given.
      const given =
        depth === 0 && framework.carries ? call.arguments.filter(({ value }) => this.#builds(value, frame, scope)) : [];
      if (given.length > 0) {
        for (const argument of given) this.#resolve(within(argument.value), framework, found, depth + 1);
        // A class that can't be seen may apply gradients in its own way.
        if (MAKES_ITS_CLASS.test(name)) found.opaque = true;
        return;
      }
      // Of a library whose optimizers are told to clip when they are built, or a class of its own.
      if (framework.settings || /(^|\.)[A-Z]\w*$/.test(name)) found.opaque = true;
      return;
    }
    found.keys.add(`call ${this.#values.frames.id(call)} ${this.#values.frames.id(frame)}`);
    if (!transforms) {
      found.constructors.push({ call, frame, scope, name });
      this.#whole(found, { call, frame, scope, name, inOrder: false });
    }
    if (this.#clipsInside(name, call) || this.#hasUpdateHook(name, scope)) found.opaque = true;
    if (isOwn && !this.links.passesOn(name, call, frame, scope)) found.opaque = true;
    for (const setting of settings) this.#say(this.#settings.inCall(setting, call, frame, scope), found);
  }

  #carriedBy(name: string): ArgumentPlace | undefined {
    return this.#frameworks.map(({ carries }) => carries?.[name]).find((place) => place !== undefined);
  }

  /** `TrainState.create(tx=…).tx` is what the state was given. */
  #carriedAs(name: string): ArgumentPlace | undefined {
    const [, carrier, attribute] = /^(.*)\(\)\.(\w+)$/.exec(name) ?? [];
    const place = carrier ? this.#carriedBy(carrier) : undefined;
    return place?.keyword === attribute ? place : undefined;
  }

  #combined(combination: Combination, built: Built, framework: Framework, found: Found, depth: number): void {
    const { call, frame, scope } = built;
    const { of, within = false, inOrder = false } = combination;
    if (!found.combined.some((known) => known.call === call)) found.combined.push({ ...built, combination });
    const given = of === "all" ? call.arguments : [argumentOf(call, of.position, of.keyword)];
    const outer = this.#inWhole;
    if (!within) {
      this.#whole(found, { ...built, inOrder });
      this.#inWhole = true;
    }
    for (const argument of given)
      if (!argument || argument.stars === 2) found.opaque = true;
      else this.#part({ node: argument.value, frame, scope }, framework, found, depth + 1);
    this.#inWhole = outer;
  }

  #whole({ wholes }: Found, whole: Whole): void {
    if (!this.#inWhole && !wholes.some(({ call }) => call === whole.call)) wholes.push(whole);
  }

  #builds(node: Expression, frame: Frame, scope: Scope): boolean {
    return this.#values
      .evaluate(node, frame, scope)
      .some((value) => value.kind === "external" && value.call && this.isOptimizer(this.constructorOf(value.name)));
  }

  /** `optax.adam` for `optax.adam()`, `optax.adam()[1]` and `optax.adam().update`. */
  constructorOf(name: string): string {
    const [, object, method] = /^(.*\))\.(\w+)$/.exec(name) ?? [];
    const isMethod = method && this.#frameworks.some(({ optimizerMethods }) => optimizerMethods?.[method]);
    return stripCall(object && isMethod ? object : name);
  }

  #say(said: Said, found: Found): void {
    if (said === "hidden") found.opaque = true;
    else found.configured.push(...said);
  }

  /** `class Trainer(DefaultTrainer)` that only says how to evaluate is told to clip as its base is. */
  #derived(value: Value & { kind: "instance" }, framework: Framework, found: Found, depth: number): boolean {
    const { carriesDerived, carries } = framework;
    const { info, call, frame, scope } = value;
    const [only, another] = info.node.bases;
    if (!carriesDerived || !call || !only || another || depth >= MAX_DEPTH) return false;
    const [base, other] = this.#values.evaluate(only.value, this.#values.frames.around(info.scope));
    if (base?.kind !== "external" || other || !carriesDerived.base.test(base.name)) return false;
    const members = [...info.methods.keys(), ...info.attributes.keys(), ...info.scope.variables.keys()];
    const place = carries?.[base.name];
    const given = place && argumentOf(call, place.position, place.keyword);
    if (!given || !members.every((member) => carriesDerived.defining.test(member))) return false;
    if (found.carriers.has(call)) return true;
    found.carriers.add(call);
    this.#resolve({ node: given.value, frame, scope }, framework, found, depth + 1);
    return true;
  }

  #instance(value: Value & { kind: "instance" }, framework: Framework, found: Found): void {
    const { info } = value;
    const step = info.methods.get("step");
    found.keys.add(`class ${this.#values.frames.id(info)} ${value.call ? this.#values.frames.id(value.call) : ""}`);
    // What it hands on to the library's own optimizer is told to that.
    const name = (framework.settings && this.#handsOptionsTo(info)) ?? info.node.name;
    if (value.call) found.constructors.push({ call: value.call, frame: value.frame, scope: value.scope, name });
    if (framework.settings) this.#toldAsItsBases(value, found);
    else if (
      !this.#values.imports.isHere(info.scope)
        ? !this.#isPlain(info, CLIPS_OR_STEPS)
        : step && this.#mentionsClipping(step)
    )
      found.opaque = true;
  }

  /** The library's class that gets the options which a constructor doesn't name, and makes the updates; null where that can't be told. */
  #handsOptionsTo(info: ClassInfo): string | null {
    const lineage = [...this.#values.members.lineage(info)];
    const handsOn = lineage.every(({ methods }) => {
      const { node } = methods.get("__init__") ?? {};
      const options = node?.parameters.find(({ stars }) => stars === 2)?.name;
      return !node || (options && new RegExp(`\\.__init__\\([^()]*\\*\\*${options}\\b`).test(textOf(node)));
    });
    const overrides = lineage.some(({ methods }) => [...methods.keys()].some((name) => this.#updates(name)));
    const base = this.#values.members.bases(info).find((known) => known.kind === "external");
    return handsOn && !overrides && base?.kind === "external" ? base.name : null;
  }

  #updates(method: string): boolean {
    return this.#frameworks.some(({ optimizerMethods }) => optimizerMethods?.[method]);
  }

  /** A class of its own may set what the library's optimizers leave out; a plain one is told to clip as they are. */
  #toldAsItsBases({ info, call, frame, scope }: Value & { kind: "instance" }, found: Found): void {
    if (!call || !this.#isPlain(info, LIMITS_OR_APPLIES)) {
      found.opaque = true;
      return;
    }
    for (const base of this.#values.members.bases(info))
      if (base.kind === "external")
        for (const setting of this.#settings.of(base.name))
          this.#say(this.#settings.inCall(setting, call, frame, scope), found);
  }

  /**
   * How an optimizer of another module came to be written for this one can't be told from its `step` alone, and one whose library
   * is told to clip has more ways to: it is a plain one if the classes that make it a framework's optimizer show none of it.
   */
  #isPlain(info: ClassInfo, shows: RegExp): boolean {
    const seen = this.#values.members
      .bases(info)
      .every((base) => base.kind === "class" || (base.kind === "external" && this.isOptimizer(base.name)));
    const lineage = [...this.#values.members.lineage(info)];
    return seen && this.isDerived(info) && lineage.every(({ node }) => !shows.test(textOf(node)));
  }

  #mentionsClipping({ node, scope }: FunctionInfo): boolean {
    const body = node.kind === "function" ? node.body : [];
    return [...this.#values.imports.namesIn(scope).calls.entries()].some(
      ([name, sites]) =>
        MENTIONS_CLIPPING.test(name) &&
        sites.some(({ statement }) =>
          body.some(
            (outer) =>
              outer.anchor === statement.anchor && outer.start <= statement.start && statement.end <= outer.end,
          ),
        ),
    );
  }

  /** The class that asks for the optimizer has a method that is called before each update. */
  #hasUpdateHook(name: string, scope: Scope): boolean {
    const owner = scope.home.info?.owner;
    return this.#frameworks.some(
      ({ updateHooks }) =>
        updateHooks?.optimizer.test(name) &&
        owner &&
        updateHooks.methods.some((method) => this.#values.members.defines(owner, method)),
    );
  }

  #clipsInside(name: string, call: Call): boolean {
    return this.#frameworks.some((framework) =>
      framework.clipsInside?.some(
        (inside) =>
          inside.name.test(name) && (inside.keyword === null || argumentOf(call, null, inside.keyword) !== null),
      ),
    );
  }
}
