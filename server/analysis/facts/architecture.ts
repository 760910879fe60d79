/** What kind of network a file trains, from what it imports, builds and names: the evidence for a severity and a convention. */
import type { Architecture, Framework } from "../frameworks/framework.ts";
import type { Expression, ImportedName, Statement } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import { isRead } from "./derived/reads.ts";
import type { Evidence } from "./events/events.ts";
import type { CallSite, ClassInfo, Names, Scope } from "./names/scope.ts";
import { once, onceAWord } from "./once.ts";
import type { Values } from "./values/values.ts";

/**
 * What classes and functions that the file defines or imports are called, for networks written by hand. `diffusion` alone
 * is a term of an equation.
 */
const BY_NAME: readonly (readonly [RegExp, Architecture])[] = [
  [/ddpm|^(?!_*diffusion$).*diffusion/i, "diffusion"],
  [/dqn|ddpg|^q_?net|replay_?buffer|^(td3|sac|cql|iql)(_|$|learner|agent|trainer)/i, "value-learning"],
  [
    /(multi_?head|self|cross|causal).?attention|(?<!data_?|column_?|feature_?|table_?)transformer(?!_?net)|^gpt|^bert/i,
    "transformer",
  ],
  [/^[A-Z]\w*(RNN|LSTM|GRU)([A-Z_]|$)|^(RNN|LSTM|GRU)([A-Z_]|$)/, "recurrent"],
  [/actor_?critic|^(actor|critic)$|policy_?gradient|^ppo|^a2c|^reinforce/i, "reinforcement"],
];

/** Keeps what an agent has seen, and as often the pictures that a generator made for its discriminator. */
const BUFFER = /replay_?buffer/i;
const ADVERSARY = /discriminator|cycle_?gan/i;

/** Of no framework: the environments that agents are trained in, and libraries of nothing but such training. */
const ENVIRONMENTS = {
  architecture: "reinforcement",
  pattern:
    /^(gym|gymnasium|pettingzoo|dm_control|dm_env|procgen|ale_py|mujoco_py|d4rl|envpool|gymnax|brax|rlax|parl)(\.|$)/,
} as const;

/** Libraries that call something else so: scikit-learn's transformers of columns are no networks. */
const WITHOUT_NETWORKS = /^(sklearn|imblearn|category_encoders|feature_engine)(\.|$)/;

/** What says more comes first: a network of several kinds is known by this one. */
const ORDER: readonly Architecture[] = [
  "diffusion",
  "detector",
  "vision-transformer",
  "transformer",
  "recurrent",
  "language-model",
  "value-learning",
  "reinforcement",
  "convolutional",
];

export function findEvidence(
  statements: readonly Statement[],
  names: Names,
  values: Values,
  frameworks: readonly Framework[],
): Evidence {
  for (const sign of signsOf(frameworks)) {
    const { architecture } = sign;
    const found = imported(statements, names, values, sign) ?? built(names, values, sign);
    if (!found) continue;
    if (architecture === "recurrent" && (predictsTokens(names) || isLanguageModel(names)))
      return { ...found, architecture: "language-model" };
    const named =
      architecture === "reinforcement" || architecture === "convolutional" ? byName(names, values, frameworks) : null;
    if (architecture === "reinforcement" && named?.architecture === "value-learning") return named;
    if (architecture === "convolutional" && named) return named;
    return { ...found, architecture };
  }
  return byName(names, values, frameworks) ?? { architecture: null, name: "", node: null };
}

/** Something that a network is built of: a layer of a framework, or a class or function of the file. */
export interface Part {
  readonly name: string;
  readonly node: Evidence["node"];
}

/** The kind of a network that is built of these and nothing else. */
export function architectureOf(parts: readonly Part[], frameworks: readonly Framework[]): Evidence {
  let found: Evidence = { architecture: null, name: "", node: null };
  for (const { architecture, pattern } of signsOf(frameworks)) {
    const part = parts.find(({ name }) => pattern.test(name));
    if (!part) continue;
    found = { ...part, architecture };
    break;
  }
  if (found.architecture !== null && found.architecture !== "convolutional") return found;
  const ranks = parts.map(({ name }) => rankOf(name));
  const best = Math.min(...ranks);
  return best < BY_NAME.length ? { ...parts[ranks.indexOf(best)]!, architecture: BY_NAME[best]![1] } : found;
}

interface Sign {
  readonly architecture: Architecture;
  readonly pattern: RegExp;
  /** A call of something that is named so may build a layer of that kind. */
  readonly mayBuild: (name: string) => boolean;
  /** It stands among the layers of a framework, rather than for a library of nothing but such networks. */
  readonly isLayer: (canonical: string) => boolean;
}

const signsOf = once((frameworks: readonly Framework[]): readonly Sign[] => {
  const layers = frameworks.flatMap((framework) => framework.layers ?? []);
  return [...frameworks.flatMap((framework) => framework.architectures ?? []), ENVIRONMENTS]
    .sort((a, b) => ORDER.indexOf(a.architecture) - ORDER.indexOf(b.architecture))
    .map(({ architecture, pattern }) => ({
      architecture,
      pattern,
      mayBuild: onceAWord((name) => layers.some((prefix) => pattern.test(prefix + name))),
      isLayer: (canonical) => layers.some((prefix) => canonical.startsWith(prefix)),
    }));
});

/** A layer that is imported and never read was left over, or imported with the rest. */
function imported(statements: readonly Statement[], names: Names, values: Values, { pattern, isLayer }: Sign) {
  for (const { name, node } of names.imports) {
    const canonical = values.canonical(name);
    if (!pattern.test(canonical)) continue;
    if (isLayer(canonical) && !isRead(statements, localName(node))) continue;
    return { name, node: { ...node, kind: "name" as const, id: node.name } };
  }
  return null;
}

function built(names: Names, values: Values, { pattern, mayBuild }: Sign) {
  for (const name of names.calls.keys()) {
    if (!mayBuild(name)) continue;
    for (const { call, scope } of names.calls.get(name)!.slice(0, 4)) {
      if (!isFromImport(call.callee, scope)) continue;
      const callees = values.evaluate(call.callee, values.frames.of(scope), scope);
      const match = callees.find((value) => value.kind === "external" && pattern.test(value.name));
      if (match?.kind === "external") return { name: match.name, node: call.callee };
    }
  }
  return null;
}

/** The path starts at an import: anything else is not worth following for this. */
export function isFromImport(callee: Expression, scope: Scope): boolean {
  let at = callee;
  while (at.kind === "attribute") at = at.object;
  return at.kind === "name" && scope.lookup(at.id)?.bindings.some((binding) => binding.kind === "import") === true;
}

function byName(names: Names, values: Values, frameworks: readonly Framework[]): Evidence | null {
  let best: Evidence | null = null;
  let rank = BY_NAME.length;
  const isBetter = (name: string) => rankOf(name) < rank && !(BUFFER.test(name) && hasAdversary(names));
  for (const { node } of [...names.classes.filter((info) => !preparesData(info)), ...names.functions])
    if (node.kind !== "lambda" && isBetter(node.name)) {
      rank = rankOf(node.name);
      best = { architecture: BY_NAME[rank]![1], name: node.name, node };
    }
  for (const { name: qualified, node, scope } of names.imports) {
    const name = qualified.slice(qualified.lastIndexOf(".") + 1);
    if (!isBetter(name) || WITHOUT_NETWORKS.test(qualified)) continue;
    if (frameworks.some(({ inert }) => inert?.test(qualified))) continue;
    if (isPreparation(values, qualified, scope)) continue;
    rank = rankOf(name);
    best = { architecture: BY_NAME[rank]![1], name, node: { ...node, kind: "name" as const, id: node.name } };
  }
  for (const name of names.calls.keys()) {
    if (!isBetter(name)) continue;
    // Bound nowhere: `from model import *` brings it.
    const site = names.calls.get(name)!.find(({ call, scope }) => call.callee.kind === "name" && !scope.lookup(name));
    if (!site) continue;
    rank = rankOf(name);
    best = { architecture: BY_NAME[rank]![1], name, node: site.call.callee };
  }
  return best;
}

const localName = ({ name, alias }: ImportedName): string => alias ?? name.replace(/\..*/, "");

const hasAdversary = ({ classes, imports, calls }: Names): boolean =>
  classes.some(({ node }) => ADVERSARY.test(node.name)) ||
  imports.some(({ name }) => ADVERSARY.test(name)) ||
  [...calls.keys()].some((name) => ADVERSARY.test(name));

/** `ImageTransformer` with `transform`, as scikit-learn's have it: it changes data, and nothing applies it as a network. */
const preparesData = ({ methods }: ClassInfo): boolean =>
  methods.has("transform") && !["forward", "__call__", "call"].some((applied) => methods.has(applied));

/** What is imported by that name is such a class of another module of the workspace. */
const isPreparation = ({ imports }: Values, name: string, scope: Scope): boolean =>
  imports.look(name, scope).some((value) => value.kind === "class" && preparesData(value.info));

/** `GPTConfig`, `BertTokenizer`: what goes with a network, and is none. */
const BESIDE = /(Config|Configuration|Tokenizer|TokenizerFast)$/;

/** Where in the list the name stands: beyond its end if it says nothing. */
const rankOf = onceAWord((name) => {
  if (BESIDE.test(name)) return BY_NAME.length;
  const found = BY_NAME.findIndex(([pattern]) => pattern.test(name));
  return found === -1 ? BY_NAME.length : found;
});

/** What is embedded is predicted: `Embedding(tokens, width)` with `Linear(width, tokens)` in one scope. */
function predictsTokens({ calls }: Names): boolean {
  const sizes = ({ call, scope }: CallSite, position: number, keyword: string) => {
    const size = argumentOf(call, position, keyword)?.value;
    return size?.kind === "name" ? { variable: scope.lookup(size.id) } : null;
  };
  const embedded = (calls.get("Embedding") ?? []).map((site) => sizes(site, 0, "num_embeddings")?.variable);
  return (calls.get("Linear") ?? []).some((site) => {
    const predicted = sizes(site, 1, "out_features")?.variable;
    return predicted && embedded.includes(predicted);
  });
}

function isLanguageModel(names: Names): boolean {
  const embeds = names.calls.has("Embedding") || names.calls.has("RNNModel");
  const words = ["ntokens", "ntoken", "vocab_size", "vocab", "corpus"];
  return (
    embeds &&
    words.some(
      (word) => names.module.variables.has(word) || names.functions.some((info) => info.scope.variables.has(word)),
    )
  );
}
