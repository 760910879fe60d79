import { expect, it } from "vitest";
import { fromDashboard } from "./webview.ts";

it.each([
  { method: "export", run: "run-1", format: "csv", file: "/etc/passwd" },
  { method: "import", file: "/etc/passwd", columns: {} },
  { method: "delete", run: "run-1" },
])("lets the dashboard's page ask for nothing that names a file or changes a run: $method", (request) => {
  expect(() => fromDashboard({ type: "request", request: { id: 1, ...request } })).toThrow(/request\.method/);
});

it("lets it ask for what it shows", () => {
  expect(fromDashboard({ type: "request", request: { id: 1, method: "subscribe", run: "run-1" } })).toBeTruthy();
});
