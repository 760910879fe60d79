// `npm run package`: sets up what it needs and leaves out/gradsight-<version>.vsix.
import { handOver } from "./setup/hand-over.mjs";

await handOver("scripts/package/main.mjs");
