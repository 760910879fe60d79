/** Which of a log's columns is which scalar, by what people call them; what can't be told apart is nobody's. */
import type { Importable, SourceColumns } from "../../../protocol/exchange.ts";
import { SCALAR_NAMES, type Scalar } from "../../../protocol/scalars.ts";

const GRADIENT = new Set(["grad", "grads", "gradient", "gradients"]);
const BEFORE = new Set(["pre", "before", "unclipped", "preclip"]);
const AFTER = new Set(["post", "after", "clipped", "postclip"]);
/** Words that don't make it another norm. */
const OF_ALL = new Set(["norm", "clip", "clipping", "global", "total", "overall", "l2", "2", "0", "step", "raw"]);
/** What is measured there is not what the updates are made of. */
const EVALUATION = new Set(["eval", "evaluation", "val", "valid", "validation", "test", "dev"]);
const TRAINING = new Set(["train", "training"]);

const LOSSES = ["loss", "train_loss", "training_loss", "loss_train", "loss_step", "train_loss_step", "lm_loss"];
const RATES = ["learning_rate", "lr"];
const THRESHOLDS = ["threshold", "max_grad_norm", "clip_threshold"];

/** A column as a candidate; the lower its rank the likelier. */
interface Candidate {
  readonly name: string;
  readonly rank: number;
}

export function columnRoles(names: readonly string[]): Pick<Importable, "columns" | "norms"> {
  const columns: SourceColumns = {};
  for (const name of SCALAR_NAMES) if (names.includes(name)) columns[name] = name;
  const take = (scalar: Scalar, candidates: readonly Candidate[]) => {
    const likeliest = best(candidates);
    if (columns[scalar] === undefined && likeliest.length === 1) columns[scalar] = likeliest[0]!;
    return likeliest;
  };
  const norms = take(
    "norm_pre",
    names.flatMap((name) => [...named(name, ["norm_pre"]), ...gradientNorm(name, false)]),
  );
  take(
    "norm_post",
    names.flatMap((name) => [...named(name, ["norm_post"]), ...gradientNorm(name, true)]),
  );
  take(
    "loss",
    names.flatMap((name) => named(name, LOSSES)),
  );
  take(
    "lr",
    names.flatMap((name) => [...named(name, RATES), ...monitoredRate(name)]),
  );
  take(
    "threshold",
    names.flatMap((name) => named(name, THRESHOLDS)),
  );
  take(
    "loss_scale",
    names.flatMap((name) => named(name, ["loss_scale"])),
  );
  return { columns, norms: columns.norm_pre === undefined ? norms : [] };
}

function best(candidates: readonly Candidate[]): string[] {
  const rank = Math.min(...candidates.map((candidate) => candidate.rank));
  return candidates.filter((candidate) => candidate.rank === rank).map(({ name }) => name);
}

/** A norm of the gradients of all parameters: `grad_norm`, `train/grad_norm`, `grad_2.0_norm_total`; not `grad_norm/fc.weight`. */
function gradientNorm(name: string, after: boolean): Candidate[] {
  const path = segments(name);
  for (const [depth] of path.entries()) {
    const words = path.slice(depth).flatMap((segment) => segment.split("_"));
    const rest = words.filter((word) => !OF_ALL.has(word) && !GRADIENT.has(word));
    const isNorm = words.includes("gnorm") || (words.some((word) => GRADIENT.has(word)) && words.includes("norm"));
    const known = rest.every((word) => word === "gnorm" || BEFORE.has(word) || AFTER.has(word) || TRAINING.has(word));
    if (!isNorm || !known || isEvaluation(path)) continue;
    if (rest.some((word) => AFTER.has(word)) !== after) return [];
    return [{ name, rank: prefixRank(path.slice(0, depth)) - (rest.some((word) => BEFORE.has(word)) ? 0.5 : 0) }];
  }
  return [];
}

/** `train/loss`, and `loss/train` as well. */
function named(name: string, known: readonly string[]): Candidate[] {
  const path = segments(name);
  const depth = path.findIndex((_, start) => known.includes(path.slice(start).join("_")));
  if (depth < 0 || isEvaluation(path)) return [];
  return [{ name, rank: 10 * prefixRank(path.slice(0, depth)) + known.indexOf(path.slice(depth).join("_")) }];
}

/** Lightning's LearningRateMonitor names the optimizer: `lr-AdamW`. One of several parameter groups has a path behind it. */
function monitoredRate(name: string): Candidate[] {
  return /^lr-\w+$/.test(name) ? [{ name, rank: 5 }] : [];
}

/** "Train/Grad Norm" as ["train", "grad_norm"]. */
const segments = (name: string): string[] =>
  name
    .toLowerCase()
    .split("/")
    .map((segment) => segment.replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, ""));

const isEvaluation = (path: readonly string[]): boolean =>
  path.some((segment) => segment.split("_").some((word) => EVALUATION.has(word)));

const prefixRank = (prefix: readonly string[]): number => prefix.filter((segment) => !TRAINING.has(segment)).length;
