/** How a framework's scripts ask for clipping: what a fix writes, and where. */
import type { ArgumentPlace } from "./framework.ts";

/** What a user may choose instead of the global norm. */
export type OtherKind = "value" | "adaptive" | "autoclip";

/** How clipping is asked for: by a statement before the update, or where the optimizer is built. */
export type Spelling =
  | StatementSpelling
  | ArgumentSpelling
  | WrapperSpelling
  | GradientSpelling
  | ApartSpelling
  | HookSpelling
  | UpdateSpelling
  | EntrySpelling;

/** One more argument of the constructor. */
export interface ArgumentSpelling {
  readonly place: "argument";
  /** Null for a constructor that has no such argument. `given` are the keywords that it is given already. */
  readonly keyword: (qualifiedName: string, given: readonly string[]) => string | null;
  /** Further arguments that go with it, by keyword. */
  readonly also?: Readonly<Record<string, string>>;
  /** What is given, where it isn't the number itself. */
  readonly value?: (threshold: string) => string;
  /** The class of the object that it is given, which is given that: by its qualified name, or as what is defined in the file. */
  readonly object?: string | Helper;
  /** Imports with which it would be wrong. */
  readonly notWith?: RegExp;
  /** The constructor behind an optimizer that is only named: `"adam"`. Null for a name that it doesn't know. */
  readonly named?: (name: string) => string | null;
}

/** A function that is given the gradients on their way to the update, and returns them clipped. */
export interface GradientSpelling {
  readonly place: "gradients";
  /** By its qualified name, or as what is defined in the file where the framework has no such function. */
  readonly function: string | Helper;
  /** Where it is given more than the gradients and the threshold, or one gradient at a time. Null for what can't be written so. */
  readonly write?: (clip: {
    readonly function: string;
    readonly gradients: string;
    /** What the gradients are by, in their order; null where that can't be written a second time. */
    readonly variables: string | null;
    readonly threshold: string;
  }) => string | null;
  /** Imports, and a method that is called, with which it would be wrong. */
  readonly notWith?: RegExp;
  readonly notBeside?: string;
  /** What the text may not mention, in whatever way it would be used, and why: a sentence for the user. */
  readonly notMentioning?: { readonly pattern: RegExp; readonly because: string };
  /** In a pair with their norm. */
  readonly returnsNorm: boolean;
}

/** A method that makes the gradients and the update is taken apart into the two that it calls, with the clip between them. */
export interface ApartSpelling {
  readonly place: "apart";
  /** The method's parameters, in order. */
  readonly parameters: readonly string[];
  /** Gives pairs of a gradient and its variable; takes what `apply` doesn't, by the same names. */
  readonly compute: string;
  /** Is given the pairs, and these of the parameters by name. */
  readonly apply: { readonly method: string; readonly parameters: readonly string[] };
  /** Gives clipped gradients in a pair with their norm. */
  readonly function: string;
}

/** One more argument of the call that makes the update. */
export interface UpdateSpelling {
  readonly place: "update";
  /** What may be called, by its qualified name. */
  readonly on: RegExp;
  readonly keyword: string;
  /** Further arguments that go with it, by keyword. */
  readonly also?: (parameters: string) => Readonly<Record<string, string>>;
  /** What says already in which way it clips, and perhaps otherwise. */
  readonly unless?: string;
}

/** One more entry of the dictionary that what makes the optimizer is given. */
export interface EntrySpelling {
  readonly place: "entry";
  readonly configuration: ArgumentPlace;
  readonly key: string;
}

/** A method of the class that is trained, which is called before each update with the optimizer, by the name `optimizer`. */
export interface HookSpelling {
  readonly place: "hook";
  /** What the update is given of that class; null where the update stands in it. */
  readonly model: ArgumentPlace | null;
  readonly base: RegExp;
  readonly method: { readonly name: string; readonly parameters: readonly string[] };
  /** Members beside which the method would not be called, or would not be the only one that clips. */
  readonly unless: readonly string[];
  readonly helper: Helper;
  readonly write: (clip: {
    readonly function: string;
    readonly parameters: string;
    readonly threshold: string;
  }) => string;
  /** Imports with which this spelling would be wrong. */
  readonly notWith?: RegExp;
  /** What the object that makes the update has to be told for it to be right. */
  readonly onlyIf?: readonly ToldSetting[];
}

/** Around the constructor's call. */
export interface WrapperSpelling {
  readonly place: "around";
  /** Qualified names of what is written, spelled as the file imports them, or what is defined in the file. */
  readonly functions: readonly (string | Helper)[];
  readonly write: (wrap: {
    readonly functions: readonly string[];
    readonly optimizer: string;
    readonly threshold: string;
  }) => string;
  /** An argument without which its update raises an error. */
  readonly needs?: ArgumentPlace;
  /** As the first of what acts one after the other. */
  readonly first: (link: { readonly functions: readonly string[]; readonly threshold: string }) => string;
}

/** `write` gets expressions as source text, and gives one statement or more, or null for what can't be written so. */
export interface StatementSpelling {
  readonly place: "statement";
  /** Qualified name of the function to call, or null for a method of the object that did the backward pass. */
  readonly function: string | null;
  /** What is defined in the file and called instead, where the framework has no such function. */
  readonly helper?: Helper;
  readonly write: (clip: {
    readonly function: string;
    readonly receiver: string;
    readonly parameters: string;
    readonly optimizer: string;
    readonly threshold: string;
    /** The receiver scales the loss, and skips what overflows. */
    readonly scaled: boolean;
    /** It may do so. */
    readonly mayScale: boolean;
    /** A statement of its own has unscaled the gradients. */
    readonly unscaled: boolean;
  }) => string | readonly string[] | null;
  /** Imports with which this spelling would be wrong: better no fix than that one. */
  readonly notWith?: RegExp;
  /** What the receiver has to be told for it to be right. */
  readonly onlyIf?: readonly ToldSetting[];
  /** What the file may build, by its qualified name, and tell so that it would be wrong. */
  readonly notBeside?: { readonly built: string; readonly told: readonly ToldSetting[] };
  /** Instead of it, for a model of which each process holds a shard. */
  readonly sharded?: (model: string, threshold: string) => string;
  /** A condition to clip under when gradients are accumulated, given the receiver. */
  readonly guard?: { readonly when: string; readonly condition: (receiver: string) => string };
}

/** An argument with which an object was built. */
export interface ToldSetting {
  readonly place: ArgumentPlace;
  readonly values: readonly (string | number)[];
  /** It may be left out. */
  readonly isDefault?: boolean;
}

/** A definition that is written into the file once, at its head. */
export interface Helper {
  readonly name: string;
  /** Qualified names that it mentions, spelled as the file imports them. */
  readonly uses: readonly string[];
  /** Lines, indented by four spaces. */
  readonly define: (uses: readonly string[]) => readonly string[];
  /** An object of it that the statement calls, for each update one of its own, since it remembers. */
  readonly object?: { readonly name: string; readonly make: (helper: string, threshold: string) => string };
}
