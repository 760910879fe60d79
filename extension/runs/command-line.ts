/** Splits arguments as a shell would: white space separates, quotes of either kind and backslashes keep together. */
export function splitArguments(line: string): string[] {
  const result: string[] = [];
  for (const [word] of line.matchAll(/(?:"(?:\\["\\]|[^"])*"?|'[^']*'?|\\[\s"'\\]|[^\s"'])+/g))
    result.push(word.replace(/"((?:\\["\\]|[^"])*)"?|'([^']*)'?|\\([\s"'\\])/g, unquote));
  return result;
}

function unquote(_match: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(["\\])/g, "$1") ?? single ?? escaped ?? "";
}

/** What {@link splitArguments} reads back as the same arguments. */
export function joinArguments(args: readonly string[]): string {
  return args.map((arg) => (/^[^\s"'\\]+$/.test(arg) ? arg : `"${arg.replace(/["\\]/g, "\\$&")}"`)).join(" ");
}
