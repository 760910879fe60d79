/** One run as a line of the Runs view. */
import { posix } from "node:path";
import { l10n, MarkdownString, ThemeColor, ThemeIcon, TreeItem, Uri, workspace } from "vscode";
import type { RunSummary } from "../../protocol/viewer.ts";
import { timeAgo } from "./time-ago.ts";

type Status = RunSummary["status"];

const ICONS: Record<Status, ThemeIcon> = {
  running: new ThemeIcon("sync~spin", new ThemeColor("charts.blue")),
  finished: new ThemeIcon("pass", new ThemeColor("testing.iconPassed")),
  failed: new ThemeIcon("error", new ThemeColor("testing.iconFailed")),
  interrupted: new ThemeIcon("circle-slash", new ThemeColor("testing.iconSkipped")),
  lost: new ThemeIcon("debug-disconnect", new ThemeColor("list.warningForeground")),
};

/** It goes on once the user says how. */
const PAUSED = new ThemeIcon("debug-pause", new ThemeColor("list.warningForeground"));

/** How it ended is not known of every log. */
const IMPORTED = new ThemeIcon("archive");

export function statusLabel({ status, paused }: RunSummary): string {
  if (paused) return l10n.t("paused");
  switch (status) {
    case "running":
      return l10n.t("running");
    case "finished":
      return l10n.t("finished");
    case "failed":
      return l10n.t("failed");
    case "interrupted":
      return l10n.t("interrupted");
    case "lost":
      return l10n.t("connection lost");
  }
}

export class RunItem extends TreeItem {
  readonly run: RunSummary;

  /** @param now Unix seconds */
  constructor(run: RunSummary, now: number) {
    super(run.name);
    this.run = run;
    this.id = run.id;
    const steps = stepCount(run.steps);
    const status = run.source ? l10n.t("imported") : statusLabel(run);
    const when = timeAgo(run.startedAt, now);
    const isRunning = run.status === "running";
    const folder = folderOf(run);
    const facts = [folder, steps, isRunning ? status : when, run.source && status, ...run.tags]
      .filter(Boolean)
      .join(" · ");
    this.description = run.starred ? `★ ${facts}` : facts;
    this.iconPath = run.source ? IMPORTED : run.paused ? PAUSED : ICONS[run.status];
    this.contextValue = `run.${isRunning ? "running" : "ended"}${run.starred ? ".starred" : ""}`;
    this.tooltip = tooltip(run, steps, status);
    const spoken = [run.name, folder, run.starred && l10n.t("starred"), status, steps, when, ...run.tags, run.note];
    this.accessibilityInformation = { label: spoken.filter(Boolean).join(", ") };
    this.command = { command: "gradsight.openRun", title: l10n.t("Open Run in Dashboard"), arguments: [run.id] };
  }
}

/** Where its script lies in the workspace, as many are called the same; null: at the top of it, or outside. */
function folderOf({ script }: RunSummary): string | null {
  if (script === null) return null;
  const file = Uri.file(script);
  if (!workspace.getWorkspaceFolder(file)) return null;
  const folder = posix.dirname(workspace.asRelativePath(file)); // of several folders, with that one's name
  return folder === "." ? null : folder;
}

export function stepCount(steps: number): string {
  return steps === 1 ? l10n.t("1 step") : l10n.t("{0} steps", steps.toLocaleString());
}

function tooltip(run: RunSummary, steps: string, status: string): MarkdownString {
  const text = new MarkdownString();
  text.appendMarkdown("**").appendText(run.name).appendMarkdown("**\n\n");
  if (run.script) text.appendText(run.script).appendMarkdown("\n\n");
  if (run.note) text.appendText(run.note).appendMarkdown("\n\n");
  if (run.tags.length > 0) text.appendText(l10n.t("Tags: {0}", run.tags.join(", "))).appendMarkdown("\n\n");
  const { source } = run;
  if (source) {
    text.appendText(l10n.t("Imported from {0}", source.file)).appendMarkdown("\n\n");
    const norm = source.columns.norm_pre;
    if (norm) text.appendText(l10n.t("Gradient norm: {0}", norm)).appendMarkdown("\n\n");
  }
  const started = new Date(run.startedAt * 1000).toLocaleString();
  text.appendText([status, steps, l10n.t("started {0}", started), run.framework].filter(Boolean).join(" · "));
  return text;
}
