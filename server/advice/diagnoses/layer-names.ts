const SHOWN = 3;

/** The first few names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(", ");
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}

/** The module that a parameter belongs to: `encoder.0` of `encoder.0.weight`. */
export function moduleOf(parameter: string): string {
  const dot = parameter.lastIndexOf(".");
  return dot < 0 ? parameter : parameter.slice(0, dot);
}

/**
 * Whether the modules may come in another order than that of their depth: JAX keeps parameters in dictionaries, sorted by their names.
 * Names that differ by nothing but a rising number are in order either way.
 */
export function maySortByName(modules: readonly string[]): boolean {
  const pairs = modules.slice(1).map((name, i) => [modules[i]!, name] as const);
  return pairs.every(([before, after]) => before < after) && !pairs.every(([before, after]) => counts(before, after));
}

const NUMBER = /\d+/g;

function counts(before: string, after: string): boolean {
  if (before.replace(NUMBER, "#") !== after.replace(NUMBER, "#")) return false;
  const [from, to] = [before, after].map((name) => name.match(NUMBER)?.map(Number) ?? []);
  const differs = from!.findIndex((number, i) => number !== to![i]);
  return differs >= 0 && from![differs]! < to![differs]!;
}
