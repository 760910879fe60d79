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
  },
});
