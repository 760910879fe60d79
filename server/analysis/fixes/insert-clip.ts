/** The edits that clip an optimizer's gradients before its update, at a given threshold, in the way of its framework. */
import type { UpdateSite } from "../facts/events.ts";
import type { Facts } from "../facts/facts.ts";
import { lastBackward } from "../facts/order.ts";
import type { TextEdit } from "../finding.ts";
import { FRAMEWORKS } from "../frameworks/index.ts";
import { configureConstructor } from "./configure-constructor.ts";
import { insertStatement } from "./insert-statement.ts";
import { wrapConstructor } from "./wrap-constructor.ts";

export function insertClip(facts: Facts, site: UpdateSite, threshold: number): TextEdit[] | null {
  const { managed, framework } = site.step;
  const spelling = managed
    ? (framework.managedSpelling ?? framework.spelling)
    : ((lastBackward(site.paths)?.framework ?? framework).spelling ?? FRAMEWORKS[0]?.spelling);
  const number = formatNumber(threshold);
  switch (spelling?.place) {
    case "statement":
      return insertStatement(facts, site, spelling, number);
    case "argument":
      return configureConstructor(facts, site.step.optimizer, spelling, number);
    case "around":
      return wrapConstructor(facts, site.step.optimizer, spelling, number);
    default:
      return null;
  }
}

/** As Python would write it, always as a float: `1.0`, `0.25`, `1e-05`. */
export function formatNumber(value: number): string {
  const text = String(value);
  if (/^-?\d+$/.test(text)) return `${text}.0`;
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}
