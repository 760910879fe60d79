/** What an expression may stand for, and the activation of a function in which it does. */
import type { Call, Expression } from "../../syntax/ast.ts";
import type { Binding, ClassInfo, FunctionInfo, Scope } from "../names/scope.ts";

/** One activation of a function (or the module): what its parameters stand for. `call` is null where nobody is known to call it. */
export interface Frame {
  readonly scope: Scope;
  readonly parent: Frame | null;
  readonly self: Value | null;
  readonly call: CallPlace | null;
  /** The call of `functools.partial` that filled its first parameters. */
  readonly bound?: CallPlace | null;
}

export interface CallPlace {
  readonly call: Call;
  readonly frame: Frame;
  readonly scope: Scope;
}

export type Value =
  /** What an import names, what calling it returns (`torch.optim.Adam()`), what that has (`torch.optim.Adam().step`). */
  | {
      readonly kind: "external";
      readonly name: string;
      readonly call: Call | null;
      readonly frame: Frame;
      readonly scope: Scope;
      /** The class of the file through which it was reached: what that defines comes first. */
      readonly by?: ClassInfo;
      /** The object of a class of the file that has this attribute from a base. */
      readonly of?: Value & { kind: "instance" };
      readonly bound?: CallPlace | null;
    }
  | {
      readonly kind: "function";
      readonly info: FunctionInfo;
      readonly frame: Frame;
      readonly self: Value | null;
      readonly bound?: CallPlace | null;
    }
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
      /** The display that wrote them, where it is one. */
      readonly node?: Expression;
      readonly items: readonly Located[] | null;
      readonly keys: readonly (string | number | null)[] | null;
      readonly any: readonly Located[];
    }
  | { readonly kind: "none" }
  | { readonly kind: "unknown" };

export type External = Value & { kind: "external" };

export interface Located {
  readonly node: Expression;
  readonly frame: Frame;
  readonly scope: Scope;
  readonly path?: readonly number[];
  readonly iterated?: boolean;
}

export const UNKNOWN: Value = { kind: "unknown" };

/** The place of what a binding binds, or puts into a container; none for what is no expression. */
export function located(binding: Binding, frame: Frame): Located[] {
  if (binding.kind === "value") return [{ node: binding.value, frame, scope: binding.scope, path: binding.path }];
  if (binding.kind === "element")
    return [{ node: binding.iterable, frame, scope: binding.scope, path: binding.path, iterated: true }];
  return [];
}

/** The qualified name of a class below a prefix: `torch.nn.LSTM` below `torch.nn.`. */
export const isClassOf = (prefix: string, name: string): boolean =>
  name.startsWith(prefix) && /^(\w+\.)*[A-Z]\w*$/.test(name.slice(prefix.length));

/** `torch.optim.Adam` for `torch.optim.Adam()` and `torch.optim.Adam()[0]`. */
export const stripCall = (name: string) => name.replace(/(\(\)|\[[^\]]*\])+$/, "");

/** `dict(lr=0.1, clip=1.0)` as the display that says the same; anything else as it is. */
export function asDisplay(value: Value): Value {
  if (value.kind !== "external" || value.name !== "builtins.dict()" || !value.call) return value;
  const { call, frame, scope } = value;
  const keys = call.arguments.map(({ keyword }) => keyword);
  if (keys.length === 0 || keys.includes(null)) return value;
  const items = call.arguments.map((argument): Located => ({ node: argument.value, frame, scope }));
  return { kind: "elements", node: call, items, keys, any: items };
}
