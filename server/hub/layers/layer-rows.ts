/** The layers of a series, whatever tables its attempts had, as one list of rows. */

export interface LayerRows {
  readonly names: readonly string[];
  /** The row of each column of a table. */
  rowsOf(attempt: number, table: string): Int32Array | undefined;
}

export interface LayerTable {
  readonly attempt: number;
  readonly table: string;
  readonly names: readonly string[];
}

/**
 * One row a name, in the order of the model: what only a later table has comes after what stands before it there. Of equal
 * names in one table (parameters whose names could not be found) the first ones are the same layer, the second ones, and so on.
 */
export function layerRows(tables: readonly LayerTable[]): LayerRows {
  const order: string[] = [];
  const known = new Set<string>();
  const keysOf = tables.map(({ names }) => keys(names));
  for (const table of keysOf) {
    let place = 0;
    for (const key of table) {
      if (known.has(key)) {
        // Tables share most of their order, so the next place is as a rule the one after.
        place = (order[place] === key ? place : order.indexOf(key)) + 1;
        continue;
      }
      known.add(key);
      order.splice(place, 0, key);
      place += 1;
    }
  }
  const rows = new Map(order.map((key, row) => [key, row]));
  const byTable = new Map(
    tables.map(({ attempt, table }, i) => [
      `${attempt} ${table}`,
      Int32Array.from(keysOf[i]!, (key) => rows.get(key)!),
    ]),
  );
  return {
    names: order.map((key) => key.slice(key.indexOf(" ") + 1)),
    rowsOf: (attempt, table) => byTable.get(`${attempt} ${table}`),
  };
}

function keys(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const number = seen.get(name) ?? 0;
    seen.set(name, number + 1);
    return `${number} ${name}`;
  });
}
