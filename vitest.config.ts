import { defineConfig } from "vitest/config";

/** Unit tests stand beside what they test; `test/` holds the ones that cross parts, each kind with a runner of its own. */
export default defineConfig({
  test: {
    include: [
      "{protocol,server,extension,webview,bench}/**/*.test.ts",
      "test/{contracts,lsp,cli,telemetry,fixes}/**/*.test.ts",
    ],
    globalSetup: "test/build.ts",
    testTimeout: 20_000,
    // The usual one less than the cores is a single one where there are two.
    maxWorkers: "100%",
  },
});
