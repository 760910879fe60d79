/** Keystrokes while the hub of the same language server is given all that it should be able to take. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { HUB_METHOD, type HubEndpoint } from "../../protocol/lsp.ts";
import type { LspClient } from "../../test/lsp/client.ts";
import { inServer, type Keystrokes } from "../lint/keystrokes.ts";
import { LAYERS } from "./telemetry.ts";

const STEPS_A_SECOND = 100_000;
const VALUES_A_SECOND = 5_000_000;
const LINES = 1000;
const ROUNDS = 20;

export async function besideKeystrokes(storage: string, print: (...of: string[]) => void): Promise<void> {
  const row = (what: string, { milliseconds: { median, p95, max } }: Keystrokes) =>
    print(what, ...[median, p95, max].map((value) => `${value.toFixed(1)} ms`));
  print(`A keystroke in ${LINES} lines: median, p95, max`);
  row("  alone", await inServer(LINES, ROUNDS));
  const beside = (client: LspClient) => telemetry(client);
  row(
    `  beside ${STEPS_A_SECOND} steps/s and ${VALUES_A_SECOND} layer values/s`,
    await inServer(LINES, ROUNDS, { initializationOptions: { storage }, beside }),
  );
}

/** Begins to send, and returns how to end it. */
async function telemetry(client: LspClient): Promise<() => Promise<void>> {
  const { ok } = await client.connection.sendRequest<{ ok: HubEndpoint }>(HUB_METHOD, null);
  const script = fileURLToPath(new URL("./sender.ts", import.meta.url));
  const senders = [
    ["scalars", STEPS_A_SECOND, false],
    ["layers", VALUES_A_SECOND / LAYERS, true],
  ].map((of) => spawn(process.execPath, [script, JSON.stringify(ok), ...of.map(String)], { stdio: "ignore" }));
  // Until they have started and send.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return async () => {
    for (const sender of senders) {
      if (sender.exitCode !== null) throw new Error("a probe ended before it should");
      const ended = once(sender, "exit");
      sender.kill();
      await ended;
    }
  };
}
