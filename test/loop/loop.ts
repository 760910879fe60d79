import type { Example } from "../../scripts/start/example.mjs";
import type { Workbench } from "../host/workbench.ts";

/** What the stages of the check share, and what one tells the next. */
export interface Loop {
  readonly workbench: Workbench;
  /** Opens the workspace. */
  readonly address: string;
  /** The temporary copy of examples/. */
  readonly workspace: string;
  readonly example: Example;
  /** What the browser's console said. */
  readonly console: string[];
  /** The suggested threshold, as the dashboard spells it. */
  suggested?: string;
  /** The script before the suggestion was written into it. */
  before?: string;
}

/** The script that shows the finding: it needs no PyTorch to be read. */
export const FINDING_SCRIPT = "train_pytorch.py";
