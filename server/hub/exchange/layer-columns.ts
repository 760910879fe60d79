/**
 * Which of a log's columns are the norms of single parameters' gradients, by the names that say so: Lightning's
 * `grad_2.0_norm/fc.weight`, `train/grad_norm/fc.weight`. A parameter is told from what else may be logged there (a maximum, the norm of
 * all) by the dot of its path.
 */
const NORM = /^((?:[^/]+\/)*)grad(?:ient)?s?(?:_(?:l?2|2\.0))?_norms?\/([^/]+\.[^/]+)$/i;

/** Finds the layers that lie where the global norm does, in one training's part of the log. */
export class LayerColumns {
  private readonly prefix: string | null;
  private readonly known = new Map<string, string | null>();

  /** `norm`: the column of the global norm; undefined where there is none, and no layers either. */
  constructor(norm: string | undefined) {
    this.prefix = norm === undefined ? null : norm.slice(0, norm.lastIndexOf("/") + 1);
  }

  /** The layer whose norm this column is; null where it is none. */
  layerOf(column: string): string | null {
    const known = this.known.get(column);
    if (known !== undefined) return known;
    const [, prefix, layer = ""] = NORM.exec(column) ?? [];
    const found = prefix === this.prefix && layer !== "" ? layer : null;
    this.known.set(column, found);
    return found;
  }
}
