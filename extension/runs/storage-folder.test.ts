import { join } from "node:path";
import { expect, it } from "vitest";
import { storageFolder } from "./storage-folder.ts";

const of = (id: string) => join("/data", "workspaceStorage", id, "gradsight.gradsight");

it.each([
  ["of a second window", "115af4c-1", "115af4c"],
  ["of a third", "3f2a90c1d4e5b6a7988796a5b4c3d2e1-2", "3f2a90c1d4e5b6a7988796a5b4c3d2e1"],
  ["of a second window, where the id is a negative number", "-115af4c-1", "-115af4c"],
])("is the first window's in the folder %s", (_, given, shared) => {
  expect(storageFolder(of(given))).toBe(of(shared));
});

it.each(["115af4c", "-115af4c", "-1154", "1700000000000", "ext-dev", "ext-dev-1"])("stays as it is in %s", (id) => {
  expect(storageFolder(of(id))).toBe(of(id));
});
