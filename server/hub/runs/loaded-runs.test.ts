import { expect, it } from "vitest";
import { Commits } from "../probe/commits.ts";
import { Ingest } from "../probe/ingest.ts";
import { openStore } from "../store/open.ts";
import { Store } from "../store/store.ts";
import { frame, hello } from "../testing/clients.ts";
import { temporaryFolder } from "../testing/test-hub.ts";
import { LoadedRuns } from "./loaded-runs.ts";

it("keeps in memory only what was looked at of late, and loads the rest again as it was", async () => {
  const store = new Store(await openStore(temporaryFolder(), () => {}));
  const commits = new Commits(store, { committed() {}, deleted() {}, failed() {} }, () => {});
  const ingest = new Ingest(store, commits);
  const attempt = ingest.open(hello());
  ingest.frame(attempt, frame(hello(), 0, [1, 2], { norm_pre: [1, Number.NaN] }));
  commits.flush();
  const loaded = new LoadedRuns(store, 30, 0);
  const first = await loaded.get(attempt.runKey);
  expect(await loaded.get(attempt.runKey)).toBe(first);
  expect(loaded.size).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  loaded.dropIdle();
  expect(loaded.size).toBe(0);
  const again = await loaded.get(attempt.runKey);
  expect(again).not.toBe(first);
  const [info] = hello().series;
  expect(again.series.get("adamw")!.detail("adamw", "", 0, info!)).toEqual(
    first.series.get("adamw")!.detail("adamw", "", 0, info!),
  );
  expect(store.events.latest(attempt.runKey, 10).map(({ kind, step }) => [kind, step])).toEqual([["nonfinite", 2]]);
  store.close();
});
