import type { Configuration } from "./configuration.ts";
import { Patterns } from "./patterns.ts";

/** Never anybody's own training code; `exclude = ["!build"]` takes one of them back. */
const ALWAYS = (
  ".bzr .direnv .eggs .git .gradsight_cache .hg .ipynb_checkpoints .mypy_cache .nox .pytest_cache .pytype .ruff_cache " +
  ".svn .tox .venv .vscode __pycache__ __pypackages__ _build build dist node_modules site-packages venv"
).split(" ");

/** What is left out below a folder: below a configuration's own, or, without one, below `folder`. */
export function exclusionOf(configuration: Configuration | null, folder: string): Patterns {
  const folders = ALWAYS.map((name) => `${name}/`);
  return new Patterns(configuration?.folder ?? folder, [...folders, ...(configuration?.exclude ?? [])]);
}
