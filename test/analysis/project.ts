/** For the tests: texts in memory that import each other. */
import type { Finding, Module, Workspace, WorkspaceModule } from "../../server/analysis/index.ts";
import { modulePath } from "../../server/files/module-path.ts";
import { analyser } from "./analyser.ts";

export class Project implements Workspace {
  readonly #modules = new Map<string, WorkspaceModule>();

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = `/project/${name}`;
    this.#modules.set(path, { path, text });
  }

  delete(name: string): void {
    this.#modules.delete(`/project/${name}`);
  }

  resolve(name: string, from: string): WorkspaceModule | null {
    const path = modulePath(name, from, "/project", (file) => this.#modules.has(file));
    return path === null ? null : (this.#modules.get(path) ?? null);
  }

  file(path: string): WorkspaceModule | null {
    return this.#modules.get(`/project/${path}`) ?? null;
  }

  open(name = "train.py"): Module {
    const path = `/project/${name}`;
    return analyser.open(this.#modules.get(path)?.text ?? "", { path, workspace: this });
  }

  lint(name?: string): readonly Finding[] {
    const module = this.open(name);
    try {
      return module.lint();
    } finally {
      module.dispose();
    }
  }
}

/** The findings of `train.py` that are no hints, as `line:rule`. */
export function placesIn(files: Readonly<Record<string, string>>, name = "train.py"): string[] {
  const findings = new Project(files).lint(name).filter(({ severity }) => severity !== "hint");
  return findings.map(({ rule, range }) => `${(files[name] ?? "").slice(0, range.start).split("\n").length}:${rule}`);
}
