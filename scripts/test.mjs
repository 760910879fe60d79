// `npm test [-- --only unit,pytest]`: sets up what the stages need, runs them, and ends with "N passed, N failed".
// Begins under whatever Node is there (≥ 20), with built-ins only; goes on under the project's own.
import { handOver } from "./setup/hand-over.mjs";

await handOver("scripts/test/main.mjs");
