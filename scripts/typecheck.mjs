// `npm run typecheck`: each folder against its own libraries, so that the dashboard can't see Node nor the server the DOM.
import { spawnSync } from "node:child_process";

let failed = false;
for (const folder of ["protocol", "server", "server/web", "extension", "extension/web", "webview", "test", "bench"]) {
  const { status } = spawnSync("tsc", ["-p", folder], { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
