/** Stamps say what a folder was set up from, so that set-up is skipped when nothing changed. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** A digest of files (by path) and of plain facts such as versions. */
export function digest(files, facts = []) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file)).update("\0");
  for (const fact of facts) hash.update(String(fact)).update("\0");
  return hash.digest("hex");
}

export function isStamped(stamp, value) {
  try {
    return readFileSync(stamp, "utf8") === value;
  } catch {
    return false;
  }
}

export function writeStamp(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, value);
}
