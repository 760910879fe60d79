/** A name for a file that any system takes: letters, digits, dots, dashes; never empty, hidden, or with a folder in it. */
export function suggestedName(name: string, extension: string): string {
  const safe = name.replace(/[^\p{L}\p{N}.]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  return `${[...safe].slice(0, 80).join("") || "chart"}.${extension}`;
}
