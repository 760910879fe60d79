/** Finds something of an object when it is first asked for, and keeps it for as long as the object lives. */
export function once<Of extends object, Found>(find: (of: Of) => Found): (of: Of) => Found {
  const known = new WeakMap<Of, { readonly found: Found }>();
  return (of) => {
    let entry = known.get(of);
    if (!entry) {
      entry = { found: find(of) };
      known.set(of, entry);
    }
    return entry.found;
  };
}
