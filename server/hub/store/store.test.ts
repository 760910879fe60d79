import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { hello } from "../testing/clients.ts";
import { temporaryFolder } from "../testing/test-hub.ts";
import { openStore, STORE_FILE } from "./open.ts";
import { Store } from "./store.ts";

it("gives the space of a deleted run back and lets other work through meanwhile", async () => {
  const storage = temporaryFolder();
  const db = await openStore(storage, () => {});
  onTestFinished(() => db.close());
  const store = new Store(db);
  store.transaction(() => {
    store.runs.put(hello().run, 0);
    store.runs.note("run-1", "x".repeat(80_000_000));
  });
  await store.shrink();
  const size = () => statSync(join(storage, STORE_FILE)).size;
  expect(size()).toBeGreaterThan(80_000_000);
  store.transaction(() => store.runs.delete("run-1"));
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  turn();
  await store.shrink();
  isDone = true;
  expect(turns).toBeGreaterThan(2);
  expect(size()).toBeLessThan(1_000_000);
});
