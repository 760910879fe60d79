/** What runs are called beside each other. */

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
