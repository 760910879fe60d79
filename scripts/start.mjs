// `npm start`: sets up what is missing, builds, and opens a VS Code with Gradsight on examples/, a training run going on.
// `npm start -- --check`: the same unattended in a headless browser, every promise checked (see test/loop/).
// Begins under whatever Node is there (≥ 20), with built-ins only; goes on under the project's own.
import { handOver } from "./setup/hand-over.mjs";

await handOver("scripts/start/main.mjs");
