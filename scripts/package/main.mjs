// What `npm run package` does once the packages are there.
import { join, relative } from "node:path";
import { explain, say, step } from "../progress.mjs";
import { OUT } from "../setup/paths.mjs";
import { vendor } from "../vendor.mjs";
import { packageExtension, VSIX } from "./pack.mjs";

try {
  await vendor();
  await step("Build and package", (note) => packageExtension(join(OUT, "package.log"), note));
  say(relative(process.cwd(), VSIX));
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
