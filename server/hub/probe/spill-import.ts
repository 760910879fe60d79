import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { probeMessage, type RunInfo, SPILL_SUFFIX } from "../../../protocol/telemetry.ts";
import { isProcess } from "../process.ts";
import type { Log } from "../thread.ts";
import type { Commits } from "./commits.ts";
import type { Ingest } from "./ingest.ts";
import { type CloseReason, type Peer, ProbeSession } from "./session.ts";
import { readSpill } from "./spill.ts";

/** Where the writer's process can't be looked up, a file untouched for this long is left over. In milliseconds. */
const ABANDONED_AFTER = 10 * 60_000;

/** Takes in what probes wrote to files while nobody listened, and deletes each file after its commit. */
export class SpillImport {
  private readonly folder: string;
  private readonly ingest: Ingest;
  private readonly commits: Commits;
  private readonly log: Log;
  private running = false;

  constructor(folder: string, ingest: Ingest, commits: Commits, log: Log) {
    this.folder = folder;
    this.ingest = ingest;
    this.commits = commits;
    this.log = log;
  }

  /** Imports every file that is left over, letting other work through between records. */
  async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (const name of readdirSync(this.folder))
        if (name.endsWith(SPILL_SUFFIX)) await this.importFile(join(this.folder, name));
    } finally {
      this.running = false;
    }
  }

  private async importFile(file: string): Promise<void> {
    try {
      if (isBeingWritten(file)) return;
      const closed = await this.take(file);
      if (closed === "store") return this.log("warn", `${file} could not be stored; it is tried again later.`);
      if (closed === "refused") return this.setAside(file, "the run was refused");
      if (closed === "malformed") return this.setAside(file, "it holds what no probe writes");
      this.log("info", closed === "deleted" ? `Removed ${file}: its run was deleted.` : `Imported ${file}.`);
      rmSync(file, { force: true });
    } catch (error) {
      // Another hub that shares the folder may have been quicker.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.setAside(file, (error as Error).message);
    }
  }

  private setAside(file: string, reason: string): void {
    this.log("error", `${file} could not be imported (${reason}); it is kept as ${file}.unreadable.`);
    renameSync(file, `${file}.unreadable`);
  }

  /** null when all of the file is committed, otherwise why not. */
  private async take(file: string): Promise<CloseReason | null> {
    let closed: CloseReason | null = null;
    const peer: Peer = {
      send: () => {},
      close: (reason) => {
        closed = reason;
      },
    };
    const session = new ProbeSession(this.ingest, peer, this.log, statSync(file).mtimeMs / 1000);
    let taken = 0;
    for (const record of readSpill(file)) {
      if (record.kind === "text") session.text(record.text);
      else session.binary(record.bytes);
      if (closed) return closed;
      if (++taken % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.commits.flush();
    return session.attempt?.broken ? "store" : null;
  }
}

/** Whether the probe that writes this file may still be alive and go on with it. */
function isBeingWritten(file: string): boolean {
  let run: RunInfo | null = null;
  for (const record of readSpill(file)) {
    if (record.kind !== "text") continue;
    const message = probeMessage(JSON.parse(record.text));
    if (message.type === "hello") run ??= message.run;
    if (message.type === "end") return false;
  }
  const untouched = Date.now() - statSync(file).mtimeMs;
  if (run?.host !== hostname()) return untouched < ABANDONED_AFTER;
  return isProcess(run.pid);
}
