/** What VS Code calls inside its extension host: every suite beside this file, in the order of their names. */
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Mocha from "mocha";

export async function run(): Promise<void> {
  const { GRADSIGHT_SUITE_FILTER: filter, GRADSIGHT_SUITE_REPORT: report } = process.env;
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: 120_000, ...(filter ? { grep: filter } : {}) });
  for (const file of globSync("suite/*.test.cjs", { cwd: __dirname }).sort()) mocha.addFile(join(__dirname, file));
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run((count) => {
      // The counts that mocha's own JSON reporter gives; the console has the rest.
      if (report) writeFileSync(report, JSON.stringify({ stats: runner.stats }));
      resolve(count);
    });
  });
  if (failures > 0) throw new Error(`${failures} of the tests in the extension host failed`);
}
