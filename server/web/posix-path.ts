/** What the server uses of `node:path`, for bundles that run where there is no Node. Paths are POSIX's. */
export const sep = "/";

export const isAbsolute = (path: string): boolean => path.startsWith(sep);

export function dirname(path: string): string {
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  const at = trimmed.lastIndexOf(sep);
  if (at < 0) return ".";
  return trimmed.slice(0, at) || sep;
}

export function extname(path: string): string {
  const name = path.replace(/\/+$/, "").split(sep).at(-1)!;
  return name === ".." ? "" : (/.(\.[^.]*)$/.exec(name)?.[1] ?? "");
}

export function join(...parts: string[]): string {
  const joined = parts.filter(Boolean).join(sep);
  const names: string[] = [];
  for (const name of joined.split(sep)) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (!isAbsolute(joined)) names.push(name);
  }
  const path = `${isAbsolute(joined) ? sep : ""}${names.join(sep)}`;
  return path === "" ? "." : path.endsWith(sep) || !joined.endsWith(sep) ? path : `${path}${sep}`;
}

/** Both absolute: a worker has no current folder. */
export function relative(from: string, to: string): string {
  const [a, b] = [from, to].map((path) => join(path).split(sep).filter(Boolean)) as [string[], string[]];
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join(sep);
}
