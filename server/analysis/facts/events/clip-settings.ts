/** What a constructor's arguments and a configuration's entries say about clipping. */
import type {
  ClipKind,
  ClipMode,
  ClipObject,
  ClipSetting,
  DefaultHistory,
  Framework,
} from "../../frameworks/framework.ts";
import type { Call, Expression } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import { isAtLeast } from "../../version-range.ts";
import type { Versions } from "../../workspace.ts";
import type { Scope } from "../names/scope.ts";
import { argumentThrough, seesOptions } from "../values/passed.ts";
import { asDisplay, type Frame, type Located, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { ConfiguredClip } from "./events.ts";

/** What is asked for, or "hidden" where it can't be told. */
export type Said = readonly ConfiguredClip[] | "hidden";

export class ClipSettings {
  readonly #values: Values;
  readonly #all: readonly ClipSetting[];
  readonly #versions: Versions;

  constructor(values: Values, frameworks: readonly Framework[], versions: Versions) {
    this.#values = values;
    this.#all = frameworks.flatMap((framework) => framework.settings ?? []);
    this.#versions = versions;
  }

  of(constructorName: string): readonly ClipSetting[] {
    return this.#all.filter(({ on }) => on.test(constructorName));
  }

  inCall(plain: ClipSetting, call: Call, frame: Frame, scope: Scope): Said {
    const setting = { ...plain, kind: clipKind(this.#values, plain, call, frame, scope) };
    const argument = argumentThrough(this.#values, call, setting.threshold, frame, scope);
    if (argument) return this.#given(setting, argument);
    // `Adam(**options)` may name it.
    if (!seesOptions(this.#values, call, frame, scope)) return "hidden";
    return setting.fallback === undefined ? [] : [clip(setting, { node: call, frame, scope }, setting.fallback)];
  }

  /** `{"gradient_clipping": 1.0}` */
  inDictionary(setting: ClipSetting, { node, keys, items }: Value & { kind: "elements" }): Said {
    const item = items?.[keys?.indexOf(setting.threshold.keyword) ?? -1];
    if (item) return this.#given(setting, item);
    const [first] = items ?? [];
    // `**defaults` may hold it.
    const isWhole = keys?.every((key) => key !== null) === true;
    if (!setting.changed || !isWhole || !first || !node) return "hidden";
    if (this.#mayBeAdded(setting.threshold.keyword, node)) return "hidden";
    const place = { ...first, node };
    const inForce = defaultOf(setting.changed, this.#versions);
    if (inForce === "unknown") return [{ ...clip(setting, place, null), changed: setting.changed }];
    return inForce === null ? [] : [clip(setting, place, inForce)];
  }

  /** `config.update(…)`, `config.setdefault(…)`: the entry is among what is added to a dictionary, or that can't be seen. */
  #mayBeAdded(key: string | null, display: Expression): boolean {
    const { names, frames } = this.#values;
    return ["update", "setdefault"].some((method) =>
      (names.calls.get(method) ?? []).some(({ call, scope }) => {
        const frame = frames.of(scope);
        if (call.callee.kind !== "attribute" || !mayAdd(this.#values, key, method, call, frame, scope)) return false;
        const onto = this.#values.evaluate(call.callee.object, frame, scope);
        return onto.some((value) => value.kind === "elements" && value.node === display);
      }),
    );
  }

  #given(setting: ClipSetting, place: Located): Said {
    const values = this.#values.follow(place);
    const every = (is: (value: Value) => boolean) => values.length > 0 && values.every(is);
    const isNone = every((value) => value.kind === "none");
    if (setting.objects && !isNone) return values.flatMap((value) => this.#byObject(setting, place, value));
    if (setting.noneIsDefault && isNone) return [];
    const off = every((value) => isOff(value, setting.off ?? []));
    return [{ ...clip(setting, place, null), threshold: place.node, off }];
  }

  /** `grad_clip=ClipGradByGlobalNorm(1.0)` */
  #byObject(setting: ClipSetting, place: Located, value: Value): ConfiguredClip[] {
    if (value.kind === "none") return [];
    if (value.kind !== "external" || !value.call) return [{ ...clip(setting, place, null), kind: "unknown" }];
    const { call, frame, scope, name } = value;
    const ofClass = setting.objects?.filter((object) => object.class.test(stripCall(name))) ?? [];
    const numberOf = ({ threshold }: ClipObject) => argumentOf(call, threshold.position, threshold.keyword);
    const known = ofClass.find((object) => numberOf(object)) ?? ofClass[0];
    const number = known && numberOf(known);
    const kind = known?.kind ?? "unknown";
    if (number?.stars !== 0) return [{ ...clip(setting, place, null), kind }];
    const where = { node: number.value, frame, scope };
    return [{ ...clip(setting, where, null), kind, threshold: number.value, object: call }];
  }
}

/** A call of a dictionary's method adds this entry, as far as can be seen. */
function mayAdd(values: Values, key: string | null, method: string, call: Call, frame: Frame, scope: Scope): boolean {
  const isOther = (value: Value) =>
    value.kind === "elements" && value.keys !== null && value.keys.every((known) => known !== null && known !== key);
  return call.arguments.some(({ value, keyword, stars }, index) => {
    if (keyword !== null) return keyword === key;
    if (stars !== 0) return true;
    if (method === "update") return !values.evaluate(value, frame, scope).map(asDisplay).every(isOther);
    return index === 0 && (value.kind !== "string" || value.value === key);
  });
}

/** In which way a call clips, or tells to clip: as its own argument says, where it has one for that. */
export function clipKind(
  values: Values,
  { kind, mode }: { readonly kind: ClipKind; readonly mode?: ClipMode },
  call: Call,
  frame: Frame,
  scope: Scope,
): ClipKind {
  const given = mode && argumentThrough(values, call, mode.place, frame, scope);
  if (!given) return kind;
  const kinds = values.follow(given).map((value): ClipKind => {
    if (value.kind === "none") return kind;
    const said = value.kind === "literal" && value.node.kind === "string" ? mode.kinds[value.node.value] : null;
    return said ?? "unknown";
  });
  const [only = "unknown", another] = new Set(kinds);
  return another ? "unknown" : only;
}

/** In force by its default alone, before more is known. */
function clip(
  { kind, off = [], objects, refused }: ClipSetting,
  place: Located,
  fallback: number | null,
): ConfiguredClip {
  const { node, frame, scope } = place;
  return {
    node,
    frame,
    scope,
    kind,
    threshold: null,
    fallback,
    off: false,
    byObject: objects !== undefined,
    object: null,
    zeroIsOff: off.includes(0),
    refused: refused ?? null,
    changed: null,
  };
}

/** What is in force without a number: the same for every version that the text may run with, or unknown. */
function defaultOf({ distribution, values }: DefaultHistory, versions: Versions): number | null | "unknown" {
  const range = versions.get(distribution);
  if (!range) return "unknown";
  for (const { since, threshold } of [...values].reverse()) {
    const reached = isAtLeast(range, since);
    if (reached === null) return "unknown";
    if (reached) return threshold;
  }
  return "unknown";
}

function isOff(value: Value, off: readonly number[]): boolean {
  if (value.kind === "none") return true;
  if (value.kind !== "literal") return false;
  const { node } = value;
  return (node.kind === "constant" && node.value === false) || (node.kind === "number" && off.includes(node.value));
}
