/** A configuration file as a module: the same rules' findings, as far as a file without code can have them. */
import { Suppressions } from "../facts/suppressions.ts";
import type { Finding, Fix, TextEdit } from "../finding.ts";
import { appendItem } from "../fixes/append.ts";
import { combineFixes } from "../fixes/fix-all.ts";
import { formatNumber } from "../fixes/insert-clip.ts";
import type { LintOptions, Module, ThresholdEdit, ThresholdRequest } from "../index.ts";
import { describeChange } from "../rules/implicit-default.ts";
import { LARGEST, SMALLEST_NORM } from "../rules/unlikely-threshold.ts";
import type { ConfigSetting } from "./config.ts";
import { CONFIGS } from "./index.ts";
import { keyOf, rangeOfNode, rootOf } from "./values.ts";

/** Longer ones are data, not configuration. */
const MAX_LENGTH = 256 * 1024;

export class ConfigModule implements Module {
  text: string;
  readonly isCurrent = true;

  constructor(text: string) {
    this.text = text;
  }

  edit(changes: readonly TextEdit[]): void {
    for (const { range, newText } of changes)
      this.text = this.text.slice(0, range.start) + newText + this.text.slice(range.end);
  }

  /** A run tells of code. */
  observe(): void {}

  lint({ severity = {} }: LintOptions = {}): readonly Finding[] {
    const suppressions = new Suppressions(this.text);
    return this.#settings().flatMap((setting) => {
      const finding = judge(setting, this.text);
      const level = finding && severity[finding.rule];
      if (!finding || level === "off" || suppressions.file || suppressions.of(finding.rule, finding.range).length > 0)
        return [];
      return [{ ...finding, severity: level ?? finding.severity }];
    });
  }

  fixAll(applicability: "safe" | "unsafe", options?: LintOptions) {
    return combineFixes(this.lint(options), applicability);
  }

  thresholdEdit({ threshold }: ThresholdRequest): ThresholdEdit {
    const settings = this.#settings().filter(({ off }) => !off);
    const [only] = settings;
    if (!only || settings.length > 1)
      return { refused: "This file names no threshold, or more than one. Change the right one by hand." };
    const edit = write(only, formatNumber(threshold), this.text);
    if (!edit) return { refused: `There is no place for \`${only.name}\` in this file. Write it by hand.` };
    return { edits: [edit], summary: `Set \`${only.name}\` to ${formatNumber(threshold)}`, range: only.range };
  }

  otherClips(): readonly [] {
    return [];
  }

  hover(): null {
    return null;
  }

  dispose(): void {}

  #settings(): readonly ConfigSetting[] {
    const { text } = this;
    const kinds = text.length > MAX_LENGTH ? [] : CONFIGS.filter(({ mentions }) => mentions.test(text));
    const root = kinds.length > 0 ? rootOf(text) : null;
    return root ? kinds.flatMap((kind) => kind.settings(root, text)) : [];
  }
}

function judge(setting: ConfigSetting, text: string): Finding | null {
  const { name, range, value, off, changed } = setting;
  const information = { severity: "information", range, related: [] } as const;
  if (changed) {
    const message = `\`${name}\` is left out: ${describeChange(changed)}.`;
    const newest = changed.values.at(-1)?.threshold ?? null;
    const fix = newest === null ? null : fixWith("Write the default out", setting, newest, text);
    return { ...information, rule: "implicit-default", message, fix };
  }
  if (off || value === null || (value !== undefined && value <= 0)) {
    const message = `\`${name}: ${text.slice(range.start, range.end)}\` switches clipping off: the gradients reach the update as they are.`;
    const fix = off ? null : fixWith("Clip the gradients to a norm of 1.0", setting, 1, text);
    return { ...information, rule: "disabled-clipping", message, fix };
  }
  if (value === undefined || (value >= SMALLEST_NORM && (value <= LARGEST || !Number.isFinite(value)))) return null;
  const effect =
    value > LARGEST
      ? "nearly no gradient is as large as that"
      : "it clips nearly every gradient, and acts as a learning rate";
  return { ...information, rule: "unlikely-threshold", message: `\`${name}\` is ${value}: ${effect}.`, fix: null };
}

function fixWith(title: string, setting: ConfigSetting, threshold: number, text: string): Fix | null {
  const edit = write(setting, formatNumber(threshold), text);
  return edit && { applicability: "unsafe", title, edits: [edit] };
}

function write({ name, range, missingFrom }: ConfigSetting, threshold: string, text: string): TextEdit | null {
  if (!missingFrom) return { range, newText: threshold };
  const last = missingFrom.items.at(-1);
  const [key, value] = [last?.key, last?.value];
  if (!last || keyOf(last) === null || !isNode(key) || !isNode(value)) return null;
  const item = { start: rangeOfNode(key).start, end: rangeOfNode(value).end };
  return appendItem(text, rangeOfNode(missingFrom).end - 1, "}", item, `"${name}": ${threshold}`);
}

const isNode = (node: unknown): node is Parameters<typeof rangeOfNode>[0] =>
  typeof node === "object" && node !== null && "range" in node;
