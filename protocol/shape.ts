/**
 * Guards for what arrives from outside. A shape either returns the value, typed, or throws {@link ShapeError} that
 * names the path of the first thing that is wrong; nothing is coerced. Unknown fields are dropped, so that a newer
 * peer of the same version may send more.
 */
export class ShapeError extends Error {
  readonly path: string;
  readonly expected: string;

  constructor(path: string, expected: string) {
    super(`${path || "message"}: expected ${expected}`);
    this.name = "ShapeError";
    this.path = path;
    this.expected = expected;
  }
}

export type Shape<T> = (value: unknown, path?: string) => T;
export type Of<S> = S extends Shape<infer T> ? T : never;

export const text =
  (maxLength = 4096): Shape<string> =>
  (value, path = "") => {
    if (typeof value !== "string" || value.length > maxLength)
      throw new ShapeError(path, `a string of at most ${maxLength} characters`);
    return value;
  };

export const finite: Shape<number> = (value, path = "") => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new ShapeError(path, "a finite number");
  return value;
};

export const whole: Shape<number> = (value, path = "") => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new ShapeError(path, "a whole number ≥ 0");
  return value as number;
};

export const flag: Shape<boolean> = (value, path = "") => {
  if (typeof value !== "boolean") throw new ShapeError(path, "true or false");
  return value;
};

/** A number in JSON, where NaN and the infinities travel as their names (JSON itself has none of them). */
export type JsonNumber = number | "NaN" | "Infinity" | "-Infinity";
export const jsonNumber: Shape<JsonNumber> = (value, path = "") => {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return value;
  return finite(value, path);
};
export const toJsonNumber = (value: number): JsonNumber =>
  Number.isFinite(value) ? value : (String(value) as JsonNumber);
export const fromJsonNumber = (value: JsonNumber): number => Number(value);

export const oneOf =
  <const T extends string>(...values: readonly T[]): Shape<T> =>
  (value, path = "") => {
    if (!values.includes(value as T)) throw new ShapeError(path, values.map((v) => `"${v}"`).join(" or "));
    return value as T;
  };

export const nullable =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value, path = "") =>
    value === null || value === undefined ? null : shape(value, path);

export const list =
  <T>(shape: Shape<T>, maxLength = 100_000): Shape<T[]> =>
  (value, path = "") => {
    if (!Array.isArray(value) || value.length > maxLength) throw new ShapeError(path, `a list of at most ${maxLength}`);
    return value.map((item, i) => shape(item, `${path}[${i}]`));
  };

export const record =
  <T>(shape: Shape<T>): Shape<Record<string, T>> =>
  (value, path = "") => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ShapeError(path, "an object");
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item, `${path}.${key}`)]));
  };

export const object =
  <S extends Record<string, Shape<unknown>>>(fields: S): Shape<{ [K in keyof S]: Of<S[K]> }> =>
  (value, path = "") => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ShapeError(path, "an object");
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(fields)) result[key] = shape(source[key], path ? `${path}.${key}` : key);
    return result as { [K in keyof S]: Of<S[K]> };
  };

/** A union told apart by one string field. */
export const tagged =
  <K extends string, S extends Record<string, Shape<unknown>>>(
    key: K,
    cases: S,
  ): Shape<{ [T in keyof S & string]: Of<S[T]> & { [P in K]: T } }[keyof S & string]> =>
  (value, path = "") => {
    const tag = (value as Record<string, unknown> | null)?.[key];
    const shape = typeof tag === "string" && Object.hasOwn(cases, tag) ? cases[tag] : undefined;
    if (!shape) throw new ShapeError(path ? `${path}.${key}` : key, Object.keys(cases).join(" | "));
    return { ...(shape(value, path) as object), [key]: tag } as never;
  };
