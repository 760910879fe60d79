import { expect, it, vi } from "vitest";
import { type Connection, LSPErrorCodes, ResponseError } from "vscode-languageserver";
import { guarded } from "./guard.ts";

function logging() {
  const error = vi.fn<(message: string) => void>();
  return { connection: { console: { error } } as unknown as Connection, error };
}

it("passes on what the feature answers", async () => {
  const { connection, error } = logging();
  expect(await guarded(connection, "Feature", 0, (a: number, b: number) => a + b)(1, 2)).toBe(3);
  expect(error).not.toHaveBeenCalled();
});

for (const [how, fail] of Object.entries({
  throws: () => {
    throw new TypeError("broken");
  },
  rejects: () => Promise.reject(new TypeError("broken")),
}))
  it(`logs a feature that ${how}, and answers nothing`, async () => {
    const { connection, error } = logging();
    expect(await guarded<[], string[]>(connection, "Feature", [], fail)()).toEqual([]);
    expect(error).toHaveBeenCalledOnce();
    expect(error.mock.calls[0]![0]).toMatch(/^Feature failed: TypeError: broken\n\s+at /);
  });

it("lets a refusal through", async () => {
  const { connection, error } = logging();
  const refusal = new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
  const refuse = () => Promise.reject<null>(refusal);
  await expect(guarded(connection, "Feature", null, refuse)()).rejects.toBe(refusal);
  expect(error).not.toHaveBeenCalled();
});

it("runs at once, so that notifications stay in order", () => {
  const { connection } = logging();
  let ran = false;
  void guarded(connection, "Feature", undefined, () => {
    ran = true;
  })();
  expect(ran).toBe(true);
});
