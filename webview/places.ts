/**
 * The places of the runs beside the one on screen. A run has its colour from its place and keeps both while others come and go,
 * so a list of places may have free ones in it.
 */
export type Places = readonly (string | null)[];

/** As many runs as can be told apart by colour, and by dashes, in one chart. */
export const PLACES = 6;

export const isFull = (places: Places): boolean => places.filter((id) => id !== null).length >= PLACES;

/** Gives the run the first free place, or takes away the one that it has; without a free place all stays as it is. */
export function toggled(places: Places, run: string): Places {
  if (places.includes(run)) return places.map((id) => (id === run ? null : id));
  const free = places.indexOf(null);
  if (free >= 0) return places.with(free, run);
  return places.length < PLACES ? [...places, run] : places;
}

/** The places without the runs that are gone, which can't be taken off by hand. */
export const remaining = (places: Places, isThere: (run: string) => boolean): Places =>
  places.map((id) => (id !== null && isThere(id) ? id : null));
