/** What "Find Threshold by Trial" asks: one list, whose first line starts the trials as they were chosen last. */
import { l10n, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import type { Come, SweepOptions } from "../runs/sweep-memory.ts";

export interface Chosen {
  readonly options: SweepOptions;
  /** Whether trials that are done are forgotten. */
  readonly fresh: boolean;
}

type Name = keyof SweepOptions;
interface Item extends QuickPickItem {
  readonly does?: "start" | "anew" | Name;
}

/**
 * @param last what was chosen before
 * @param come how far the sweep with these options came; null: nothing of it is done
 * @returns null when the user cancelled
 */
export async function chooseSweep(
  last: SweepOptions,
  come: (options: SweepOptions) => Come | null,
): Promise<Chosen | null> {
  let options = last;
  for (;;) {
    const title = l10n.t("Find Threshold by Trial");
    const placeHolder = l10n.t("The script is run several times, and writes each time what it writes.");
    const items = itemsFor(options, come(options));
    const does = (await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true }))?.does;
    if (does === undefined) return null;
    if (does === "start" || does === "anew") return { options, fresh: does === "anew" };
    const value = await ask(does, options);
    if (value !== undefined) options = { ...options, ...value };
  }
}

function itemsFor(options: SweepOptions, come: Come | null): Item[] {
  const { thresholds, steps, longer, seeds, jobs } = options;
  const anew: Item = { does: "anew", label: `$(refresh) ${l10n.t("Start Anew")}` };
  return [
    ...(come ? [goesOn(come), anew] : [{ does: "start", label: `$(play) ${l10n.t("Start")}` } as const]),
    { label: l10n.t("Trials"), kind: QuickPickItemKind.Separator },
    {
      does: "thresholds",
      label: `$(edit) ${l10n.t("Thresholds")}`,
      description: thresholds || l10n.t("0.25 to 4 times the median norm of the script's own training"),
    },
    {
      does: "steps",
      label: `$(edit) ${l10n.t("Steps of each trial")}`,
      description: steps ? String(steps) : l10n.t("300, or fewer of a short training"),
    },
    {
      does: "longer",
      label: `$(edit) ${l10n.t("Steps of the longer trials that the leader has to pass")}`,
      description: longer ? String(longer) : l10n.t("four times as many, or the whole training"),
    },
    {
      does: "seeds",
      label: `$(edit) ${l10n.t("Seeds")}`,
      description: seeds > 1 ? String(seeds) : l10n.t("1: nothing to tell chance from, and so no winner"),
    },
    {
      does: "jobs",
      label: `$(edit) ${l10n.t("Trials at a time")}`,
      description: jobs ? String(jobs) : l10n.t("1 on a GPU, else 2"),
    },
  ];
}

function goesOn({ done, trials }: Come): Item {
  if (done === trials)
    return { does: "start", label: `$(list-ordered) ${l10n.t("Show Results")}`, description: told(done) };
  const description = Number.isFinite(trials) ? l10n.t("{0} of {1} trials done", done, trials) : told(done);
  return { does: "start", label: `$(debug-continue) ${l10n.t("Go On")}`, description };
}

function told(done: number): string {
  return l10n.t("{0} trials done", done);
}

async function ask(name: Name, options: SweepOptions): Promise<Partial<SweepOptions> | undefined> {
  const whole = name !== "thresholds";
  const value = await window.showInputBox({
    ...TEXTS[name](),
    value: options[name] ? String(options[name]) : "",
    ignoreFocusOut: true,
    validateInput: (text) => (whole ? wrongNumber(text, name !== "seeds") : wrongThresholds(text)),
  });
  if (value === undefined) return undefined;
  return { [name]: whole ? Number(value.trim()) : split(value).join(", ") };
}

const TEXTS: Record<Name, () => { title: string; prompt: string }> = {
  thresholds: () => ({
    title: l10n.t("Thresholds"),
    prompt: l10n.t(
      'Numbers with commas between them, or "none" for no clipping. Nothing: around the norm of the script\'s own training.',
    ),
  }),
  steps: () => ({
    title: l10n.t("Steps of each trial"),
    prompt: l10n.t("Updates of the optimizer. Nothing: 300, or fewer of a short training."),
  }),
  longer: () => ({
    title: l10n.t("Steps of the longer trials"),
    prompt: l10n.t(
      "A winner is one for trainings of this length. Nothing: four times the steps of each trial, or the whole training.",
    ),
  }),
  seeds: () => ({ title: l10n.t("Seeds"), prompt: l10n.t("Trials of each threshold. Two or more show a spread.") }),
  jobs: () => ({ title: l10n.t("Trials at a time"), prompt: l10n.t("Nothing: 1 on a GPU, else 2.") }),
};

function split(thresholds: string): string[] {
  return thresholds
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

export function wrongThresholds(text: string): string | undefined {
  const wrong = split(text).find((part) => part !== "none" && !(Number(part) > 0 && Number(part) < Infinity));
  return wrong === undefined ? undefined : l10n.t("{0} is no threshold: a number above 0, or none.", wrong);
}

export function wrongNumber(text: string, mayBeNothing: boolean): string | undefined {
  if (mayBeNothing && text.trim() === "") return undefined;
  return /^[1-9]\d{0,6}$/.test(text.trim()) ? undefined : l10n.t("A whole number, 1 or more.");
}
