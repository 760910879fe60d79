/** Reads what `python --version` prints: "Python 3.12.4", also with suffixes of other builds. Python 2 prints it to stderr. */
export function parsePythonVersion(output: string): { major: number; minor: number } | null {
  const match = /^Python (\d+)\.(\d+)/m.exec(output);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : null;
}
