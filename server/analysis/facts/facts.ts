/** Everything that is known of one text. */
import type { Framework } from "../frameworks/framework.ts";
import type { LineName } from "../index.ts";
import type { ObservedRun } from "../observed-run.ts";
import { type Expression, type Statement, textOf } from "../syntax/ast.ts";
import type { Importer, Versions } from "../workspace.ts";
import { findEvidence } from "./architecture.ts";
import type { Answers } from "./events/answers.ts";
import type { Classifier } from "./events/classify.ts";
import type { ClipSite, Evidence, LogSite, UnscaleSite, UpdateSite } from "./events/events.ts";
import { ParameterSets } from "./events/parameters.ts";
import { Walks } from "./events/walks.ts";
import type { Names } from "./names/scope.ts";
import { once } from "./once.ts";
import { Suppressions } from "./suppressions.ts";
import type { Values } from "./values/values.ts";

/** What a question may be answered from whose answer is kept. */
export type Program = Pick<Facts, "names" | "values">;

export interface Facts {
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly names: Names;
  readonly values: Values;
  readonly parameters: ParameterSets;
  readonly answers: Answers;
  readonly classifier: Classifier;
  readonly updates: readonly UpdateSite[];
  /** Updates in other modules that calls in this file lead to: theirs to report, but they share the clips. */
  readonly updatesElsewhere: readonly UpdateSite[];
  readonly clips: readonly ClipSite[];
  readonly unscales: readonly UnscaleSite[];
  readonly logs: readonly LogSite[];
  readonly evidence: Evidence;
  readonly suppressions: Suppressions;
  /** Those that the file mentions. */
  readonly frameworks: readonly Framework[];
  readonly lineName: LineName;
  readonly importer: Importer | null;
  /** What recorded runs saw of this text, newest first. */
  readonly observed: readonly ObservedRun[];
}

/** Whether a word, or what a pattern describes, stands anywhere in the text. */
export type Contains = (sought: string | RegExp) => boolean;

export const containing =
  (text: string): Contains =>
  (sought) =>
    typeof sought === "string" ? text.includes(sought) : sought.test(text);

/**
 * What a file must contain to have anything to say about: one cheap look at its text, before it is parsed. `around`: with
 * the modules whose names are all its own.
 */
export function mayTrain(contains: Contains, frameworks: readonly Framework[], around = contains): boolean {
  if (contains("\0")) return false;
  return frameworks.some(({ mentions, triggers }) => mentions.some(around) && triggers.some(contains));
}

/** Those that the file mentions: any other lends it no conventions. The same list for the same ones, so that what follows from them is kept. */
function mentionedAmong(frameworks: readonly Framework[], contains: Contains): readonly Framework[] {
  const found = frameworks.filter((framework) => framework.mentions.some((word) => contains(word)));
  const known = lists(frameworks);
  const key = found.map(({ name }) => name).join(" ");
  const list = known.get(key) ?? found;
  known.set(key, list);
  return list;
}

const lists = once((_: readonly Framework[]) => new Map<string, readonly Framework[]>());

const NO_VERSIONS: Versions = new Map();

interface Surroundings {
  readonly contains?: Contains;
  readonly importer?: Importer | null;
  readonly versions?: Versions | undefined;
  readonly lineName?: LineName | undefined;
  readonly observed?: readonly ObservedRun[];
  /** Those that were made through the text as it was before. */
  readonly walks?: Walks;
}

export function gatherFacts(
  text: string,
  statements: readonly Statement[],
  names: Names,
  frameworks: readonly Framework[],
  {
    contains = containing(text),
    importer = null,
    versions = NO_VERSIONS,
    lineName = (line) => `line ${line}`,
    observed = [],
    walks = new Walks(),
  }: Surroundings = {},
): Facts {
  const present = mentionedAmong(frameworks, contains);
  const { values, classifier, account, answers } = walks.walk(statements, names, {
    frameworks: present,
    importer,
    versions,
  });
  return {
    text,
    statements,
    names,
    values,
    parameters: new ParameterSets(values, answers),
    classifier,
    answers,
    ...account,
    evidence: findEvidence(statements, names, values, present),
    suppressions: new Suppressions(text),
    frameworks: present,
    lineName,
    importer,
    observed,
  };
}

export const sourceOf = (_: Program, node: Expression): string => textOf(node);
