import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import type { Finding } from "../analysis/index.ts";
import type { FileReport } from "./report.ts";

/** With slashes, whatever the platform; a path outside `folder` starts with `..`. */
export const pathFrom = (folder: string, filename: string): string => relative(folder, filename).split(sep).join("/");

/** The line that a finding starts on, without the space around it: what stays when other lines come and go. */
export function lineOf(text: string, { range: { start } }: Pick<Finding, "range">): string {
  const end = /[\r\n]|$/g;
  end.lastIndex = start;
  const from = Math.max(text.lastIndexOf("\n", start - 1), text.lastIndexOf("\r", start - 1)) + 1;
  return text.slice(from, end.exec(text)?.index).trim();
}

/** A digest for each finding of a file that stays when its line moves: of rule, path, line, and how often that came before. */
export function fingerprints({ text, findings }: FileReport, path: string): string[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const key = JSON.stringify([finding.rule, path, lineOf(text, finding)]);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return createHash("sha256").update(`${key}${before}`).digest("hex").slice(0, 40);
  });
}
