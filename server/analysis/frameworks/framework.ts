/**
 * What the analyser knows of a framework, as data. Names are fully qualified; `()` marks what a call returns, so
 * `torch.amp.GradScaler().step` is that method of an instance.
 */
export interface ArgumentPlace {
  readonly position: number | null;
  readonly keyword: string | null;
}

/** Where an event's optimizer stands: the object that the method is called on, or an argument. */
export type OptimizerPlace = "receiver" | ArgumentPlace;
export type ClipKind = "norm" | "value" | "unknown";

export type Meaning =
  | { readonly event: "backward" | "zero-grad" }
  | {
      readonly event: "step";
      readonly optimizer: OptimizerPlace;
      readonly closure?: ArgumentPlace;
      readonly scaled?: boolean;
    }
  | { readonly event: "unscale"; readonly optimizer: OptimizerPlace | null }
  | {
      readonly event: "clip";
      readonly kind: ClipKind;
      readonly parameters: ArgumentPlace | null;
      readonly optimizer?: OptimizerPlace;
      readonly threshold: ArgumentPlace | null;
      /** Unscales by itself. */
      readonly unscales?: boolean;
      /** The name that replaces this one without changing anything else. */
      readonly renamed?: string;
    }
  /** A line of a hand-logged run: no update of ours, but a place where a threshold is named. */
  | { readonly event: "log"; readonly threshold: ArgumentPlace }
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

/** How a clip is written. `write` gets expressions as source text, and gives null for what can't be written so. */
export interface Spelling {
  /** Qualified name of the function to call, or null for a method of the object that did the backward pass. */
  readonly function: string | null;
  readonly write: (clip: {
    readonly function: string;
    readonly receiver: string;
    readonly parameters: string;
    readonly optimizer: string;
    readonly threshold: string;
  }) => string | null;
  /** Imports with which this spelling would be wrong: no fix is better than that one. */
  readonly notWith?: RegExp;
  /** A condition to clip under when gradients are accumulated, given the receiver. */
  readonly guard?: { readonly when: string; readonly condition: (receiver: string) => string };
  /** Written before the clip where gradients are scaled and nothing unscaled them. */
  readonly unscale?: (scaler: string, optimizer: string) => string;
}

export interface Framework {
  readonly name: string;
  readonly title: string;
  /** A file that mentions none of these words, of any framework, is not even parsed. */
  readonly mentions: readonly string[];
  /** Other names of the same thing. */
  readonly aliases?: readonly (readonly [string, string])[];
  /** Constructors of optimizers whose `step` updates parameters from `.grad`. */
  readonly optimizers?: RegExp;
  /** Optimizers that clip by themselves, with the argument that says so (null: always). */
  readonly clipsInside?: readonly { readonly name: RegExp; readonly keyword: string | null }[];
  /** Imports after which a configuration that can't be seen may clip. */
  readonly clipsElsewhere?: RegExp;
  readonly optimizerMethods?: Readonly<Record<string, Meaning>>;
  readonly calls?: Readonly<Record<string, Meaning>>;
  /** Methods that mean this on any object whose class can't be seen. */
  readonly methods?: Readonly<Record<string, Meaning>>;
  /** Methods of what is called a scaler, where its class can't be seen. */
  readonly scalerMethods?: Readonly<Record<string, Meaning>>;
  /** Libraries and methods that leave gradients alone. */
  readonly inert?: RegExp;
  readonly inertMethods?: ReadonlySet<string>;
  /** Functions that return what they are given: all positional arguments, or the first. */
  readonly passThrough?: Readonly<Record<string, "all" | "first">>;
  readonly architectures?: readonly { readonly pattern: RegExp; readonly architecture: Architecture }[];
  readonly spelling?: Spelling;
}

export const at = (position: number | null, keyword: string | null = null): ArgumentPlace => ({ position, keyword });
