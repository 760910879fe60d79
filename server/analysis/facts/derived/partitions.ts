/** Calls that give each of several transformations the gradients of one label: a clip in one sees the norm of its share alone. */
import type { Framework } from "../../frameworks/framework.ts";
import type { WrapperSpelling } from "../../frameworks/spelling.ts";
import type { Call } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Combined, ConfiguredClip, OptimizerRef } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import type { Located } from "../values/value.ts";
import { type Link, linksOf } from "./links.ts";

export interface Partition extends Combined {
  /** How a clip of all labels together is put around it. */
  readonly spelling: WrapperSpelling;
  readonly parts: readonly Part[];
}

export interface Part {
  /** Null where one expression makes the parts of several labels. */
  readonly label: string | null;
  readonly clip: PartClip | null;
  /** It is seen to make an update of gradients that nothing in it clips. */
  readonly isUnclipped: boolean;
}

/** A clip by the norm of a part: the call that clips, and the links that it is one of. */
export interface PartClip {
  readonly call: Call;
  readonly told: ConfiguredClip;
  readonly chain: { readonly call: Call; readonly links: readonly Link[] } | null;
}

/** Each once, where all of the optimizer can be seen and nothing clips outside of the parts. */
export const partitionsOf = once((facts: Facts): readonly Partition[] => {
  const found = facts.updates.flatMap(({ step: { optimizer } }) =>
    optimizer.combined.flatMap((combined) => partitionOf(facts, optimizer, combined) ?? []),
  );
  return [...new Map(found.map((partition) => [partition.call, partition])).values()];
});

function partitionOf(facts: Facts, optimizer: OptimizerRef, combined: Combined): Partition | null {
  const { combination, call, frame, scope, name } = combined;
  const { of, splits } = combination;
  const framework = facts.frameworks.find(({ combines }) => combines?.[name]);
  const given = splits && of !== "all" ? argumentOf(call, of.position, of.keyword) : null;
  if (given?.stars !== 0 || framework?.spelling?.place !== "around" || optimizer.opaque) return null;
  const inside = facts.classifier.optimizers.refer(given.value, frame, scope, framework);
  if (optimizer.configured.length > inside.configured.length) return null;
  const { spelling } = framework;
  const parts = facts.values.evaluate(given.value, frame, scope).flatMap((split): Part[] => {
    if (split.kind !== "elements") return [];
    return split.any.map((part, index) => {
      const label = (split.items && split.keys?.[index]) ?? null;
      return partOf(facts, framework, spelling, label === null ? null : String(label), part);
    });
  });
  return { ...combined, spelling, parts };
}

function partOf(
  facts: Facts,
  framework: Framework,
  { functions: [, clipping] }: WrapperSpelling,
  label: string | null,
  part: Located,
): Part {
  const { optimizers } = facts.classifier;
  const { opaque, configured, constructors } = optimizers.refer(part.node, part.frame, part.scope, framework);
  const finishes = constructors.some((built) => optimizers.finishes(built.name));
  const isUnclipped = !opaque && configured.length === 0 && finishes;
  return {
    label,
    clip: clipIn(facts, typeof clipping === "string" ? clipping : undefined, part, configured),
    isUnclipped,
  };
}

function clipIn(
  facts: Facts,
  clipping: string | undefined,
  part: Located,
  configured: readonly ConfiguredClip[],
): PartClip | null {
  const { optimizers } = facts.classifier;
  const [told, more] = configured.filter(({ kind }) => kind === "norm");
  const [value, another] = facts.values.follow(part);
  if (!told?.threshold || told.off || more || value?.kind !== "external" || !value.call || another) return null;
  const { call, frame, scope } = value;
  const name = optimizers.constructorOf(value.name);
  if (name === clipping) return { call, told, chain: null };
  const links = optimizers.combinationOf(name)?.inOrder ? linksOf(facts, { call, frame, scope }) : [];
  const link = links.find((each) => each.role === "clip" && each.name === clipping);
  return link?.call ? { call: link.call, told, chain: { call, links } } : null;
}
