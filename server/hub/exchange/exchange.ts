/** Runs from files and into files, as viewers ask for them. */
import type { ExportFormat, Importable, SourceColumns } from "../../../protocol/exchange.ts";
import type { Commits } from "../probe/commits.ts";
import type { Ingest } from "../probe/ingest.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { ImportTarget } from "./delivery.ts";
import { importRun } from "./import-run.ts";
import { inspect } from "./inspect.ts";
import { OutputFile } from "./output-file.ts";
import { RecordedRun } from "./recorded-run.ts";
import { WRITERS } from "./write/index.ts";

/** Work that takes a while. */
export interface Job {
  readonly signal: AbortSignal;
  /** Is told how much is done: 0 to 1. */
  readonly onProgress: (done: number) => void;
}

export class Exchange {
  private readonly target: ImportTarget;

  constructor(store: Store, ingest: Ingest, commits: Commits) {
    this.target = { store, ingest, commits };
  }

  inspect(path: string, { signal, onProgress }: Job): Promise<Importable> {
    return inspect(this.target.store, path, signal, onProgress);
  }

  import(path: string, columns: SourceColumns, job: Job): Promise<{ run: string; added: boolean }> {
    return importRun(this.target, { path, columns, ...job });
  }

  export(run: StoredRun, format: ExportFormat, path: string, { signal, onProgress }: Job): Promise<void> {
    const recorded = new RecordedRun(this.target.store, run, signal, onProgress);
    return OutputFile.write(path, (file) => WRITERS[format](recorded, file));
  }
}
