import { join } from "node:path";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { Exchange } from "./exchange/exchange.ts";
import { Gate } from "./gate.ts";
import { ObservedRuns } from "./observed/observed-runs.ts";
import type { ObservedUpdate } from "./observed/observed-update.ts";
import { Probes } from "./probe/probes.ts";
import { SpillImport } from "./probe/spill-import.ts";
import { RendezvousFile } from "./rendezvous.ts";
import { LoadedRuns } from "./runs/loaded-runs.ts";
import { FRAMES_BEHIND, Upkeep } from "./runs/upkeep.ts";
import { makeFolder, openStore } from "./store/open.ts";
import { Store } from "./store/store.ts";
import type { HubWorkerData, Log } from "./thread.ts";
import { Requests } from "./viewer/requests.ts";
import { RunViews } from "./viewer/run-views.ts";
import { Viewers } from "./viewer/viewers.ts";

/** Seconds that a probe has to come back after the editor was reloaded: twice its longest pause between attempts and more. */
const LOST_AFTER = 30;
const KEEP_ALIVE_EVERY = 5_000;
const SPILL_EVERY = 60_000;

export interface Hub {
  readonly endpoint: HubEndpoint;
  /** Tells what runs saw of these files, now and when it changes. */
  watch(files: readonly string[]): void;
  close(): Promise<void>;
}

/** Puts the parts together. @throws {Error} with a message for the user */
export async function openHub(
  { storage, lostAfter = LOST_AFTER }: HubWorkerData,
  log: Log,
  onObserved: (updates: readonly ObservedUpdate[]) => void,
): Promise<Hub> {
  const spill = join(storage, "spill");
  makeFolder(spill);
  const store = new Store(await openStore(storage, log));
  const loaded = new LoadedRuns(store, lostAfter);
  const upkeep = new Upkeep(loaded, log);
  const probes = new Probes(store, log, (run, steps) => upkeep.stored(run, steps));
  const views = new RunViews(
    store,
    () => probes.connected,
    lostAfter,
    (run) => probes.controlOf(run),
  );
  const observed = new ObservedRuns(store, loaded, views, onObserved, log);
  const exchange = new Exchange(store, probes.ingest, probes.commits);
  const requests = new Requests(store, loaded, views, exchange, probes);
  const viewers = new Viewers(store, requests, views, log);
  const gate = new Gate(log, (path, socket) => (path === "/probe" ? probes : viewers).accept(socket));
  const port = await gate.open();
  const file = new RendezvousFile(storage, {
    protocol: PROTOCOL_VERSION,
    port,
    token: gate.token,
    pid: process.pid,
    spill,
  });
  const spills = new SpillImport(spill, probes.ingest, probes.commits, log);

  const attempt = (task: string, body: () => void | Promise<void>) => async () => {
    try {
      await body();
    } catch (error) {
      log("error", `${task}: ${(error as Error).message}`);
    }
  };
  const importSpills = attempt("Looking for spill files", () => spills.run());
  const timers = [
    setInterval(
      attempt("Keeping up", () => {
        probes.keepAlive();
        file.keep();
        loaded.dropIdle();
      }),
      KEEP_ALIVE_EVERY,
    ),
    setInterval(importSpills, SPILL_EVERY),
  ];
  file.write();
  void importSpills();
  upkeep.bringUpToDate(store.models.behind(FRAMES_BEHIND));

  return {
    endpoint: { port, token: gate.token, rendezvous: file.path },
    watch: (files) => observed.watch(files),
    async close() {
      observed.close();
      for (const timer of timers) clearInterval(timer);
      file.remove();
      upkeep.close();
      viewers.close();
      await gate.close();
      probes.commits.flush();
      await attempt("Keeping what was made of the runs", () => loaded.keep())();
      store.close();
    },
  };
}
