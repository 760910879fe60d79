import type { Report } from "./report.ts";

/** How often each rule was broken, most often first. */
export function reportStatistics({ files, rules }: Report, format: "text" | "json"): string {
  const findings = files.flatMap((file) => file.findings);
  const rows = rules
    .map(({ name, title }) => {
      const own = findings.filter(({ rule }) => rule === name);
      return { code: name, name: title, count: own.length, fixable: own.some(({ fix }) => fix !== null) };
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
  if (format === "json") return `${JSON.stringify(rows, null, 2)}\n`;
  const digits = Math.max(0, ...rows.map(({ count }) => String(count).length));
  const width = Math.max(0, ...rows.map(({ code }) => code.length));
  return rows
    .map(({ code, name, count }) => `${String(count).padStart(digits)}  ${code.padEnd(width)}  ${name}\n`)
    .join("");
}
