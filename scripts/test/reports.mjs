/** What the runners' own reports say, as counts. A report that is missing or can't be read is an error, never "0 failed". */
import { readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** vitest's JSON report. @returns {Counts} */
export function readVitest(file) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.length,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** mocha's JSON report. @returns {Counts} */
export function readMocha(file) {
  const { stats } = JSON.parse(readFileSync(file, "utf8"));
  return { passed: stats.passes, failed: stats.failures, skipped: stats.pending };
}

/** The JUnit XML of pytest and of node:test. @returns {Counts} */
export function readJunit(file) {
  const xml = readFileSync(file, "utf8");
  const count = (pattern) => (xml.match(pattern) ?? []).length;
  const cases = count(/<testcase\b/g);
  const failed = count(/<(failure|error)\b/g);
  const skipped = count(/<skipped\b/g);
  return { passed: cases - failed - skipped, failed, skipped };
}
