/** Reading what stands in a JSON or YAML mapping, with its place in the text. */
import { isMap, isScalar, type Pair, parseDocument, type Scalar, type YAMLMap } from "yaml";
import type { TextRange } from "../finding.ts";

/** The mapping that a text consists of; null for anything else, also where it can't be read. */
export function rootOf(text: string): YAMLMap | null {
  const document = parseDocument(text, { strict: false, uniqueKeys: false, logLevel: "silent" });
  return document.errors.length === 0 && isMap(document.contents) ? document.contents : null;
}

export function entryOf(map: YAMLMap, key: string): unknown {
  return map.items.find((pair) => keyOf(pair) === key)?.value;
}

export function mapAt(map: YAMLMap, key: string): YAMLMap | null {
  const value = entryOf(map, key);
  return isMap(value) ? value : null;
}

export const scalarAt = (map: YAMLMap, key: string): Scalar | null => {
  const value = entryOf(map, key);
  return isScalar(value) ? value : null;
};

export const keyOf = ({ key }: Pair): string | null =>
  isScalar(key) && typeof key.value === "string" ? key.value : null;

/** Numbers and nothing; anything else can't be told. */
export function numberIn({ value }: Scalar): number | null | undefined {
  return typeof value === "number" || value === null ? value : undefined;
}

/** The number under a path of keys, with its place; null where there is none. */
export function numberAt(text: string, path: readonly string[]): { value: number | null; range: TextRange } | null {
  let map = rootOf(text);
  for (const key of path.slice(0, -1)) map = map && mapAt(map, key);
  const scalar = map && scalarAt(map, path.at(-1) ?? "");
  const value = scalar ? numberIn(scalar) : undefined;
  return scalar && value !== undefined ? { value, range: rangeOfNode(scalar) } : null;
}

/** Every mapping in a tree, the outer ones first. */
export function* mapsIn(
  map: YAMLMap,
  path: readonly string[] = [],
): Iterable<{ map: YAMLMap; path: readonly string[] }> {
  yield { map, path };
  for (const pair of map.items) if (isMap(pair.value)) yield* mapsIn(pair.value, [...path, keyOf(pair) ?? "?"]);
}

export function rangeOfNode({ range }: Scalar | YAMLMap): TextRange {
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

/** The first line of a mapping, without its line ending. */
export function firstLineOf(map: YAMLMap, text: string): TextRange {
  const { start, end } = rangeOfNode(map);
  const line = text.indexOf("\n", start);
  const stop = line === -1 ? end : Math.min(end, line);
  return { start, end: text[stop - 1] === "\r" ? stop - 1 : stop };
}
