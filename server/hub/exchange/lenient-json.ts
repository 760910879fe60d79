/** JSON as Python writes it, which has NaN and Infinity. */

/** A string of JSON, or a number that JSON hasn't. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** NaN and the infinities become their names, as JSON of ours has them. @throws {SyntaxError} */
export function parseLenient(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/\b(?:NaN|Infinity)\b/.test(text)) throw error;
    return JSON.parse(text.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  }
}

/** null for what is no number. */
export function numberIn(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return null;
}
