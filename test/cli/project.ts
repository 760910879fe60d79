/** A folder of files that lasts as long as a test. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { gradsight, type Outcome } from "./run.ts";

export class Project {
  folder = "";

  constructor() {
    beforeEach(async () => {
      this.folder = await mkdtemp(join(tmpdir(), "gradsight-cli-"));
    });
    afterEach(() => rm(this.folder, { recursive: true, force: true }));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(files: Record<string, string | Uint8Array>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true });
      await writeFile(this.path(name), content);
    }
  }

  read(name: string): Promise<string> {
    return readFile(this.path(name), "utf8");
  }

  async names(): Promise<string[]> {
    return (await readdir(this.folder)).sort();
  }

  run(args: string[], options: { input?: string | Uint8Array; env?: Record<string, string> } = {}): Promise<Outcome> {
    return gradsight(args, { cwd: this.folder, ...options });
  }

  /** The findings as `file:row:column code`, sorted. */
  async lint(...args: string[]): Promise<string[]> {
    const { out } = await this.run(["lint", "--format", "json", ...args]);
    return JSON.parse(out)
      .map(({ filename, location, code }: JsonFinding) => {
        const name =
          filename
            .replaceAll("\\", "/")
            .split("/gradsight-cli-")[1]
            ?.replace(/^[^/]*\//, "") ?? filename;
        return `${name}:${location.row}:${location.column} ${code}`;
      })
      .sort();
  }
}

export interface JsonPlace {
  row: number;
  column: number;
}

export interface JsonFinding {
  cell: number | null;
  code: string;
  name: string;
  severity: string;
  filename: string;
  location: JsonPlace;
  end_location: JsonPlace;
  message: string;
  url: string;
  related: (JsonPlace & { message: string; filename: string })[];
  fix: {
    applicability: "safe" | "unsafe";
    message: string;
    edits: { content: string; location: JsonPlace; end_location: JsonPlace }[];
  } | null;
}
