/** What runs are called beside each other. */
import type { RunSummary } from "../protocol/viewer.ts";

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Each run's name, with its id where another of them has the same. */
export function namesBeside(runs: readonly Named[]): string[] {
  return runs.map(({ id, name }) =>
    runs.some((other) => other.id !== id && other.name === name) ? `${name} (${id.slice(0, 8)})` : name,
  );
}

/** Of each run whose name is that of another script, too, the innermost folder that the others' scripts don't lie in alike; else null. */
export function foldersApart(runs: readonly Pick<RunSummary, "name" | "script">[]): (string | null)[] {
  const scripts = new Map<string, Set<string>>();
  for (const { name, script } of runs)
    if (script !== null) scripts.set(name, (scripts.get(name) ?? new Set()).add(script));
  return runs.map(({ name, script }) => {
    const all = scripts.get(name);
    if (script === null || !all || all.size < 2) return null;
    const others = [...all].filter((other) => other !== script).map(foldersOf);
    const own = foldersOf(script);
    return own.find((folder, up) => others.every((other) => other[up] !== folder)) ?? own[0] ?? null;
  });
}

/** Innermost first. */
const foldersOf = (path: string): string[] => path.split(/[\\/]/).slice(0, -1).reverse();

/** In a legend a name is cut at about so many letters. */
const LONG = 26;

/** The names in little room: without the words that all begin with, but for the last, where these would push out what tells them apart. */
export function shortened(names: readonly string[]): string[] {
  if (names.length < 2 || names.every(({ length }) => length <= LONG)) return [...names];
  const all = names.map((name) => name.split(/(?<=[\s/_])/));
  let same = 0;
  while (all.every((words) => words.length > same + 1 && words[same] === all[0]![same])) same++;
  return same < 2 ? [...names] : all.map((words) => `…${words.slice(same - 1).join("")}`);
}
