/**
 * What the analyser knows of a framework, as data. Names are fully qualified; `()` marks what a call returns, so
 * `torch.amp.GradScaler().step` is that method of an instance.
 */
import type { OtherKind, Spelling, ToldSetting } from "./spelling.ts";

export interface ArgumentPlace {
  readonly position: number | null;
  readonly keyword: string | null;
}

/** Where an event's optimizer stands: the object that the method is called on, what the call makes, or an argument. */
export type OptimizerPlace = "receiver" | "result" | ArgumentPlace;

/** By the global norm, by each variable's own norm, by value, relative to each weight's norm, or in a way that can't be told. */
export type ClipKind = "norm" | "per-variable-norm" | "value" | "adaptive" | "unknown";

/** An argument that says in which way, and what its values mean. */
export interface ClipMode {
  readonly place: ArgumentPlace;
  readonly kinds: Readonly<Record<string, ClipKind>>;
}

/** An argument by which a constructor (of an optimizer, a trainer, a configuration) is told to clip. */
export interface ClipSetting {
  /** The constructor; `dict` for a configuration that is written as a dictionary. */
  readonly on: RegExp;
  readonly threshold: ArgumentPlace;
  readonly kind: ClipKind;
  /** Where another argument may say it differently. */
  readonly mode?: ClipMode;
  /** Numbers that switch clipping off here, besides `None` and `False`. */
  readonly off?: readonly number[];
  /** `None` says no more than leaving it out. */
  readonly noneIsDefault?: boolean;
  /** In force where the argument is left out. */
  readonly fallback?: number;
  /** Why the argument has no effect there, as a sentence. */
  readonly refused?: string;
  /** What clips is an object given there, by its class. One of another class clips in a way that can't be told. */
  readonly objects?: readonly ClipObject[];
  /** What is in force without it depends on the version: oldest first, null for no clipping. */
  readonly changed?: DefaultHistory;
}

export interface ClipObject {
  readonly class: RegExp;
  readonly threshold: ArgumentPlace;
  readonly kind: ClipKind;
}

/** A configuration whose entries are written one by one: `cfg.SOLVER.CLIP_GRADIENTS.ENABLED = True`. */
export interface WrittenSettings {
  /** What makes one. */
  readonly on: RegExp;
  /** The attributes that lead to the entries. */
  readonly section: readonly string[];
  readonly enabled: string;
  readonly threshold: string;
  readonly mode: { readonly entry: string; readonly kinds: Readonly<Record<string, ClipKind>> };
  /** In force where nothing else is written. */
  readonly kind: ClipKind;
  readonly fallback: number;
  /** Why a threshold has no effect by itself, as a sentence. */
  readonly offUntil: string;
  /** Its methods that write entries out of sight, and what they may be given that names none of these. */
  readonly fills: { readonly methods: RegExp; readonly harmless: RegExp };
  /** What may be given one, and leaves it as it is. */
  readonly keeps: RegExp;
}

/** Classes derived from one that carries an optimizer: one that defines nothing but these members carries it in the same way. */
export interface Derived {
  readonly base: RegExp;
  readonly defining: RegExp;
}

/** Models that keep the optimizer that a method gives them. */
export interface CompiledModels {
  /** The attribute, by its qualified name, */
  readonly attribute: RegExp;
  /** and by its own, for a model whose class can't be seen. */
  readonly member: string;
  readonly by: string;
  readonly place: ArgumentPlace;
}

export interface DefaultHistory {
  readonly distribution: string;
  readonly values: readonly { readonly since: string; readonly threshold: number | null }[];
}

/** Gradients that are passed as values: plain, or each in a pair with its variable. */
export interface GradientPlace {
  /** An argument, or whatever the last positional one is. */
  readonly place: ArgumentPlace | "last";
  readonly shape: "gradients" | "pairs";
}

/** How a model is trained that keeps its optimizer. */
export interface Running {
  readonly methods: readonly string[];
  /** A class that has this member writes its own step. */
  readonly unless: string;
  /** A function that returns the model leaves training to its callers, unless the model is there to be asked: by these. */
  readonly asks: readonly string[];
  /** What gives a model that has been trained. */
  readonly loads: RegExp;
}

export type Meaning =
  | { readonly event: "backward" | "zero-grad" }
  /** Sums a tensor over the processes: an event if that is a gradient. */
  | { readonly event: "reduce"; readonly gradients: ArgumentPlace }
  /** The scaler sets a new scale, and with that the next step begins. */
  | { readonly event: "rescale" }
  | {
      readonly event: "step";
      readonly optimizer: OptimizerPlace;
      /** Where it is given the gradients, in frameworks that pass them as values: without them the call is no update. */
      readonly gradients?: GradientPlace;
      readonly closure?: ArgumentPlace;
      /** The name is a common one: only where what it is given comes from a backward pass. */
      readonly onlyGradients?: boolean;
      /** No optimizer stands there but what is updated: the script descends by itself, */
      readonly byHand?: boolean;
      /** and only where a function at this place subtracts a multiple of the gradients. */
      readonly subtracts?: ArgumentPlace;
      readonly scaled?: boolean;
      /** The framework does the backward pass too: nothing of it is in the file. */
      readonly managed?: boolean;
      /** Only where one of these methods is called on the same object, whose class doesn't write its own step. */
      readonly runBy?: Running;
      /**
       * Only as what a configuration in Python, a module without functions and classes, gives this name. Such modules are
       * merged with others, so that what one leaves out isn't known.
       */
      readonly configures?: RegExp;
      /** Or as what a call of one of these gives by that name, in whatever file. */
      readonly configuresCalls?: RegExp;
      /** An object that, given no optimizer, is known to make a plain one. */
      readonly orMakesOne?: RegExp;
      /** What of the same call tells it to clip. */
      readonly told?: Omit<ClipSetting, "on">;
      /** Arguments of the same call that may clip. */
      readonly unlessGiven?: readonly ArgumentPlace[];
      /** What is trained: a class that has one of these members may clip in it, and one that can't be seen may have them. */
      readonly trains?: {
        readonly place: ArgumentPlace;
        readonly unless: readonly string[];
        /** With such a member set to `False`, the framework doesn't clip as it was told to. */
        readonly refusesWithout?: { readonly member: string; readonly because: string };
      };
    }
  | { readonly event: "unscale"; readonly optimizer: OptimizerPlace | null }
  | {
      readonly event: "clip";
      readonly kind: ClipKind;
      /** Where another argument may say it differently. */
      readonly mode?: ClipMode;
      /** Changes nothing in place: it returns these gradients, clipped, */
      readonly gradients?: GradientPlace;
      /** in a pair with their norm. */
      readonly returnsNorm?: boolean;
      readonly parameters: ArgumentPlace | null;
      readonly optimizer?: OptimizerPlace;
      readonly threshold: ArgumentPlace | null;
      /** Numbers that switch clipping off, instead of being clipped to. */
      readonly off?: readonly number[];
      /** Clips by value instead where this is given. */
      readonly byValue?: ArgumentPlace;
      /** Whether it raises an error for a norm that isn't finite. */
      readonly raises?: ArgumentPlace;
      /** It does where nothing is said. */
      readonly raisesByDefault?: boolean;
      /** Unscales by itself. */
      readonly unscales?: boolean;
      /** The name that replaces this one without changing anything else. */
      readonly renamed?: string;
    }
  /** A line of a hand-logged run: no update of ours, but a place where a threshold is named. */
  | { readonly event: "log"; readonly threshold: ArgumentPlace }
  /** Calls a function that it is given, or one of them, with arguments of its own, */
  | {
      readonly event: "runs";
      readonly function: ArgumentPlace;
      readonly otherwise?: ArgumentPlace;
      /** some of which it is given, too: by the position that a parameter of the function has. */
      readonly passes?: readonly (readonly [parameter: number, from: ArgumentPlace])[];
    }
  /** Known to leave gradients alone. */
  | { readonly event: "nothing" };

export type Architecture =
  | "language-model"
  | "recurrent"
  | "transformer"
  | "vision-transformer"
  | "reinforcement"
  | "value-learning"
  | "diffusion"
  | "detector"
  | "convolutional";

export interface Combination {
  readonly of: "all" | ArgumentPlace;
  /** Clipping belongs to what it is given, not around the whole: it accumulates gradients, or keeps state of its own kind. */
  readonly within?: boolean;
  /** Its parts act one after the other. */
  readonly inOrder?: boolean;
  /** Adds up the gradients of several steps before what it is given sees them. */
  readonly accumulates?: boolean;
  /** Gives each of its parts the gradients of one label. */
  readonly splits?: boolean;
}

/** Methods of a framework's classes that it calls before it makes the gradients. */
export interface HookBeforeBackward {
  readonly base: RegExp;
  readonly methods: readonly string[];
  /** A member by which a class takes the backward pass into its own hands. */
  readonly unless?: string;
  /** The method to clip in instead, and its parameters. */
  readonly instead: { readonly name: string; readonly parameters: readonly string[] } | null;
}

export interface Framework {
  readonly name: string;
  readonly title: string;
  /** A file that mentions none of these words is none of this framework's. */
  readonly mentions: readonly string[];
  /** Words without one of which nothing in a file updates or clips: it is not even parsed. */
  readonly triggers: readonly (string | RegExp)[];
  /** Other names of the same thing. */
  readonly aliases?: readonly (readonly [string, string])[];
  /** Constructors of optimizers whose `step` updates parameters from `.grad`. */
  readonly optimizers?: RegExp;
  /** Optimizers that clip by themselves, with the argument that says so (null: always). */
  readonly clipsInside?: readonly { readonly name: RegExp; readonly keyword: string | null }[];
  /** Arguments that make a constructor clip. A framework that has any can hide its clipping in an optimizer that can't be seen. */
  readonly settings?: readonly ClipSetting[];
  readonly written?: WrittenSettings;
  /** Whether an optimizer that a function is given from elsewhere is taken for a plain one, all the same. */
  readonly takesParameters?: boolean;
  /** Calls whose result holds the optimizer that they are given: a train state, a wrapper. */
  readonly carries?: Readonly<Record<string, ArgumentPlace>>;
  readonly carriesDerived?: Derived;
  /** Calls that make one optimizer of all that they are given, or of what stands at a place. */
  readonly combines?: Readonly<Record<string, Combination>>;
  /** Calls that make an optimizer, or a part of one, of functions of the script's own: where the one stands that changes the gradients. */
  readonly ownLinks?: Readonly<Record<string, ArgumentPlace>>;
  /** Optimizers, and parts of one, that make an update of gradients: what is combined after them clips that. */
  readonly finishes?: RegExp;
  /** What a part of the constructor's result means when it is called: `init, update = adam(1e-3)`. */
  readonly optimizerParts?: Readonly<Record<number, Meaning>>;
  readonly compiled?: CompiledModels;
  /** Functions that return the gradients that they are given first, unclipped. */
  readonly keepsGradients?: RegExp;
  /** Methods that give back (a changed copy of) the object that they are called on. */
  readonly returnsReceiver?: RegExp;
  /** What a string stands for where an optimizer is expected. */
  readonly namedOptimizers?: RegExp;
  /** Wrappers that leave each process a shard of the parameters, unless their strategy is to keep them whole. */
  readonly shards?: { readonly wrapper: RegExp; readonly strategy: ArgumentPlace; readonly whole: RegExp };
  /** Imports, or names of functions that are called, after which a configuration that can't be seen may clip. */
  readonly clipsElsewhere?: RegExp;
  /** Methods that a class's framework calls before it updates by an optimizer that the class asks for: they may clip. */
  readonly updateHooks?: { readonly optimizer: RegExp; readonly methods: readonly string[] };
  /** A backward pass leaves each parameter its `.grad`, so that a script may go through them and descend by itself. */
  readonly descends?: boolean;
  readonly optimizerMethods?: Readonly<Record<string, Meaning>>;
  readonly calls?: Readonly<Record<string, Meaning>>;
  /** Methods that mean this on any object whose class can't be seen. */
  readonly methods?: Readonly<Record<string, Meaning>>;
  /** Methods of what is called a scaler, where its class can't be seen. */
  readonly scalerMethods?: Readonly<Record<string, Meaning>>;
  /** Modules that the package doesn't load by itself: each is imported by its whole name. */
  readonly modules?: readonly string[];
  /** Libraries and methods that leave gradients alone. */
  readonly inert?: RegExp;
  readonly inertMethods?: ReadonlySet<string>;
  /** Functions that return what they are given: all positional arguments, the first, or the one at a place. */
  readonly passThrough?: Readonly<Record<string, "all" | "first" | ArgumentPlace>>;
  /** Functions that apply one that they are given to each of the gradients. */
  readonly maps?: Readonly<Record<string, ArgumentPlace>>;
  /** Functions of arrays, which stay what they are with some of their arguments filled in. */
  readonly elementwise?: RegExp;
  /** What holds the layers that it is given, or stands for its input. */
  readonly networks?: RegExp;
  /** Where networks are built from, as prefixes of the names in `architectures`. */
  readonly layers?: readonly string[];
  readonly architectures?: readonly { readonly pattern: RegExp; readonly architecture: Architecture }[];
  readonly spelling?: Spelling;
  /** The same for updates that the framework makes by itself, where it differs. */
  readonly managedSpelling?: Spelling | readonly Spelling[];
  /** Where what is told to clip is parsed, and not built in any file: by what, and the option that says the threshold. */
  readonly parsedSetting?: { readonly parser: RegExp; readonly flag: string };
  /** How it clips otherwise than by the global norm. What is left out can't be asked of it. */
  readonly kinds?: Readonly<Partial<Record<OtherKind, Spelling>>>;
  readonly managedKinds?: Readonly<Partial<Record<OtherKind, Spelling>>>;
  readonly beforeBackward?: HookBeforeBackward;
  /** Methods that are given a function to call for each gradient as the backward pass makes it. */
  readonly backwardHooks?: ReadonlySet<string>;
  /** Blocks in which a framework lets updates wait for several batches by itself. */
  readonly accumulation?: {
    /** Qualified name of the method that opens the block. */
    readonly context: string;
    /** The arguments of its object's constructor that say how many batches. */
    readonly counts: readonly ArgumentPlace[];
    /** True where the update doesn't wait any more, given the object. */
    readonly done: (receiver: string) => string;
  };
  /** What must be among an object's arguments for it to scale the loss, and skip steps that overflow, by itself. */
  readonly scaling?: readonly ToldSetting[];
  /** What opens a block in which the loss is scaled: the gradients are unscaled at its end. */
  readonly scalesWithin?: RegExp;
  /** Updates of these optimizers unscale the gradients themselves, and not before, if what the file builds is told so. */
  readonly unscalesWithin?: {
    readonly optimizer: RegExp;
    readonly built: string;
    readonly told: readonly ToldSetting[];
  };
  /** Written before a clip where gradients are scaled and nothing unscaled them. */
  readonly unscale?: (scaler: string, optimizer: string) => string;
}

export const at = (position: number | null, keyword: string | null = null): ArgumentPlace => ({ position, keyword });

/** Something steps that is no scheduler: of learning rates, or of a diffusion's noise in each of its pipelines. */
export const STEPS = /(?<!scheduler)\.step(?!s\b)/i;
