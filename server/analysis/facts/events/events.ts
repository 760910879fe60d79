/** The framework-neutral account of a script's training: what the rules read. */
import type { Architecture, ClipKind, Combination, DefaultHistory, Framework } from "../../frameworks/framework.ts";
import type { Call, Expression, Statement } from "../../syntax/ast.ts";
import type { Scope } from "../names/scope.ts";
import type { Frame } from "../values/value.ts";

/** An expression where it stands, with the activation that gives its names their meaning. */
export interface Seen {
  readonly node: Expression;
  readonly frame: Frame;
  readonly scope: Scope;
}

/** Clipping that is asked for where an optimizer, a trainer or a configuration is built. */
export interface ConfiguredClip extends Seen {
  readonly kind: ClipKind;
  /** The argument, or the call of a clipping transformation. Null where a default is in force. */
  readonly threshold: Expression | null;
  /** The default in force. */
  readonly fallback: number | null;
  /** Switched off by its value. */
  readonly off: boolean;
  /** An object clips there, and no number. */
  readonly byObject: boolean;
  /** The call that makes it, where that can be seen. */
  readonly object: Call | null;
  /** Zero would switch it off; elsewhere it takes every gradient to zero. */
  readonly zeroIsOff: boolean;
  /** Why it has no effect, as a sentence. */
  readonly refused: string | null;
  /** Left out, and what that means depends on the version. */
  readonly changed: DefaultHistory | null;
}

/** A constructor call that is seen, with its qualified name. */
export interface Built {
  readonly call: Call;
  readonly frame: Frame;
  readonly scope: Scope;
  readonly name: string;
}

/** A call that makes one optimizer of several transformations. */
export interface Combined extends Built {
  readonly combination: Combination;
}

/** The outermost call that clipping can be put around. */
export interface Whole extends Built {
  /** Its arguments act one after the other. */
  readonly inOrder: boolean;
}

export interface OptimizerRef extends Seen {
  /** What it may be; two references that share a key may be the same optimizer. */
  readonly keys: ReadonlySet<string>;
  /** Its constructor calls, where they can be seen. */
  readonly constructors: readonly Built[];
  /** What clipping can be put around: a constructor call, or the outermost call that combines some. */
  readonly wholes: readonly Whole[];
  /** The calls that put several together, outermost first. */
  readonly combined: readonly Combined[];
  /** Given by its name (`"adam"`). */
  readonly named: Seen | null;
  /** What its constructors say about clipping, in the order in which it is applied. */
  readonly configured: readonly ConfiguredClip[];
  /** May clip in ways that can't be seen. */
  readonly opaque: boolean;
  /** It steps in an imported module, which by itself can't tell what it is: a class there is handed it. */
  readonly handedOver: boolean;
}

/** What gradients that are passed as values come from. */
export interface GradientFlow extends Seen {
  readonly shape: "gradients" | "pairs";
  /** The backward passes that return them. */
  readonly made: ReadonlyMap<Call, Framework>;
  /** The clips that they come through, on some way. */
  readonly clips: ReadonlySet<Call>;
  /** What else on the way makes them smaller, or may. */
  readonly bounded: ReadonlySet<Expression>;
  /** Read from where a backward pass left them: `v.value.grad`. */
  readonly stored: boolean;
  /** They may have come through anything. */
  readonly open: boolean;
}

interface EventBase extends Seen {
  /** The same call in the same activation has the same id. */
  readonly id: string;
  readonly statement: Statement;
  readonly framework: Framework;
  /** The event itself, where it stands in a module that this file imports: `node` is then the call here that leads to it. */
  readonly origin?: Seen;
}

export interface ClipEvent extends EventBase {
  readonly kind: "clip";
  readonly how: ClipKind | "by-hand";
  readonly call: Call | null;
  /** What it is given, where it returns clipped gradients and changes none in place. */
  readonly gradients: GradientFlow | null;
  /** It returns the norm as well. */
  readonly returnsNorm: boolean;
  readonly parameters: Expression | null;
  readonly threshold: Expression | null;
  /** A threshold of zero switches it off; elsewhere it takes every gradient to zero. */
  readonly zeroIsOff: boolean;
  readonly optimizer: OptimizerRef | null;
  readonly unscales: boolean;
  /** Whether it raises an error for a norm that isn't finite, where that was said. */
  readonly raises: Expression | null;
  /** It does where nothing was said. */
  readonly raisesByDefault: boolean;
  readonly renamed: string | null;
  readonly origin?: ClipEvent;
}

export interface StepEvent extends EventBase {
  readonly kind: "step";
  readonly optimizer: OptimizerRef;
  /** Null where the optimizer finds the gradients by itself. */
  readonly gradients: GradientFlow | null;
  readonly scaler: Expression | null;
  /** The closure that the optimizer runs, where it was passed one. */
  readonly closure: Expression | null;
  /** The framework does the backward pass too. */
  readonly managed: boolean;
  /** The calls in which the updates happen, where the event only tells a model its optimizer. */
  readonly runs: readonly Call[];
  /** The script descends by itself: what stands for the optimizer is what is updated. */
  readonly byHand: boolean;
}

export interface UnscaleEvent extends EventBase {
  readonly kind: "unscale";
  readonly optimizer: OptimizerRef | null;
}

export interface ZeroGradEvent extends EventBase {
  readonly kind: "zero-grad";
  /** The optimizer, or the model: what the method is called on. */
  readonly cleared: OptimizerRef | null;
}

export interface AverageEvent extends EventBase {
  readonly kind: "average";
}

export type TrainingEvent =
  | ClipEvent
  | StepEvent
  | (EventBase & { readonly kind: "backward"; readonly receiver: Expression | null; readonly inClosure: boolean })
  | UnscaleEvent
  | (EventBase & { readonly kind: "rescale" })
  /** Gradients are summed over the processes by hand. */
  | (EventBase & { readonly kind: "reduce" })
  /** All gradients are divided or multiplied by an amount that doesn't depend on them. */
  | AverageEvent
  /** One model's gradients become another's, as they are. */
  | (EventBase & { readonly kind: "hand-on" })
  | ZeroGradEvent
  /** Something that may do anything to the gradients: code that can't be seen, or that doesn't parse. */
  | (EventBase & { readonly kind: "unknown" });

/** The events that reach an update on one path, oldest first, since the optimizer's previous update on that path. */
export type Path = readonly TrainingEvent[];

/** A statement that updates parameters, with every path that was found to it. */
export interface UpdateSite {
  readonly step: StepEvent;
  readonly paths: readonly Path[];
}

/** A clip, with the events before it on each path. */
export interface ClipSite {
  readonly clip: ClipEvent;
  readonly paths: readonly Path[];
}

/** Where gradients are unscaled, with the events before it on each path. */
export interface UnscaleSite {
  readonly unscale: UnscaleEvent;
  readonly paths: readonly Path[];
}

export interface LogSite extends Seen {
  readonly call: Call;
  readonly threshold: Expression | null;
}

export interface Evidence {
  readonly architecture: Architecture | null;
  /** The name that gave it away, and where. */
  readonly name: string;
  readonly node: Expression | Statement | null;
}
