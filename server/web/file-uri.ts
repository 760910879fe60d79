/**
 * Documents of the web as paths, so that folders and patterns work as they do on a disk: `vscode-vfs://github/owner/x.py` is
 * `/vscode-vfs:github/owner/x.py`.
 */

/** null for a document that lies in no folder, such as an unsaved one. */
export function pathOfUri(uri: string): string | null {
  const [, scheme, authority = "", path] = /^([a-z][a-z\d+.-]*):(?:\/\/([^/]*))?(\/[^?#]*)$/i.exec(uri) ?? [];
  if (scheme === undefined || path === undefined) return null;
  try {
    return `/${scheme}:${decodeURIComponent(authority)}${decodeURIComponent(path)}`;
  } catch {
    return null; // no percent-encoding
  }
}

export function uriOfPath(path: string): string {
  const [, place = "", ...names] = path.split("/");
  const [scheme, ...authority] = place.split(":");
  return `${scheme}://${[authority.join(":"), ...names].map(encodeURIComponent).join("/")}`;
}
