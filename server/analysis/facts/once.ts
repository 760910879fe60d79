/** Finds something of an object when it is first asked for, and keeps it for as long as the object lives. */
export function once<Of extends object, Found>(find: (of: Of) => Found): (of: Of) => Found {
  const known = new WeakMap<Of, Found>();
  return (of) => {
    const before = known.get(of);
    if (before !== undefined || known.has(of)) return before as Found;
    const found = find(of);
    known.set(of, found);
    return found;
  };
}

/** More than the words of any text; what is forgotten is found again. */
const MOST_WORDS = 2000;

/** The same for words, which nothing tells when they are gone: all are forgotten when they become too many. */
export function onceAWord<Found extends NonNullable<unknown> | null>(
  find: (word: string) => Found,
): (word: string) => Found {
  const known = new Map<string, Found>();
  return (word) => {
    let found = known.get(word);
    if (found === undefined) {
      found = find(word);
      if (known.size >= MOST_WORDS) known.clear();
      known.set(word, found);
    }
    return found;
  };
}
