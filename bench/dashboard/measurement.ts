import type { Drive } from "./pages/measured.ts";
import type { Work } from "./tab.ts";

/** How a tool shows a run. Milliseconds; null: took too long, or is not measured. */
export interface Measurement {
  /** From choosing the run until it is painted, where its server has not read it yet. */
  readonly opened: number | null;
  /** From the page's navigation until the run is painted, where its server has. */
  readonly page: number | null;
  readonly driven: (Drive & Work) | null;
  /** MiB. */
  readonly heap: number | null;
}
