/** Exit codes, as Ruff has them. */
export const EXIT = {
  clean: 0,
  /** Findings that count are left. */
  findings: 1,
  /** Wrong usage, a file that could not be read, or a defect of ours. */
  error: 2,
} as const;
