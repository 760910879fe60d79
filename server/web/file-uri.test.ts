import { expect, it } from "vitest";
import { pathOfUri, uriOfPath } from "./file-uri.ts";

it.each([
  ["vscode-vfs://github/owner/repo/train.py", "/vscode-vfs:github/owner/repo/train.py"],
  ["file:///home/me/my%20code/train.py", "/file:/home/me/my code/train.py"],
  ["memfs:///a/%23b.py", "/memfs:/a/#b.py"],
  ["vscode-remote://ssh-remote%2Bbox/a.py", "/vscode-remote:ssh-remote+box/a.py"],
])("%s is a path, and back", (uri, path) => {
  expect(pathOfUri(uri)).toBe(path);
  expect(uriOfPath(path)).toBe(uri);
});

it("takes an authority that is left out for an empty one", () => {
  expect(pathOfUri("memfs:/a/b.py")).toBe("/memfs:/a/b.py");
});

it.each(["untitled:Untitled-1", "vscode-notebook-cell:/a.ipynb#1", "file:///%zz", "train.py"])("%s is none", (uri) => {
  expect(pathOfUri(uri)).toBeNull();
});
