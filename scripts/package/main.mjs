// What `npm run package` does once the packages are there.
import { join, relative } from "node:path";
import { explain, say, step } from "../progress.mjs";
import { OUT } from "../setup/paths.mjs";
import { vendor } from "../vendor.mjs";
import { packageExtension, VSIX } from "./pack.mjs";
import { packageProbe, WHEEL } from "./wheel.mjs";

try {
  await vendor();
  await step("Build and package", (note) => packageExtension(join(OUT, "package.log"), note));
  await step("Wheel of the probe", (note) => packageProbe(join(OUT, "wheel.log"), note));
  for (const file of [VSIX, WHEEL]) say(relative(process.cwd(), file));
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
