/** Keystrokes while the hub of the same language server is given all that it should be able to take. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HUB_METHOD, type HubEndpoint } from "../../protocol/lsp.ts";
import type { LspClient } from "../../test/lsp/client.ts";
import { inServer, type Keystrokes } from "../lint/keystrokes.ts";
import { LAYERS } from "./telemetry.ts";

const STEPS_A_SECOND = 100_000;
const VALUES_A_SECOND = 5_000_000;
const LINES = 1000;
const ROUNDS = 20;
/** Milliseconds from one to the next. */
const TYPED = [
  ["one after the other", 0],
  ["as a held key repeats", 33],
] as const;

export async function besideKeystrokes(folder: string, print: (...of: string[]) => void): Promise<void> {
  for (const [how, every] of TYPED) {
    print(`A keystroke in ${LINES} lines, ${how}: median, p95, max`);
    row("  alone", await inServer(LINES, ROUNDS, { every }));
    let taken: readonly number[] = [];
    const beside = async (client: LspClient) => {
      const end = await telemetry(client);
      return async () => {
        taken = await end();
      };
    };
    const storage = join(folder, String(every));
    const keystrokes = await inServer(LINES, ROUNDS, { initializationOptions: { storage }, beside, every });
    const [steps, values] = taken.map((rate) => Math.round(rate).toLocaleString("en"));
    row(`  beside ${steps} steps/s and ${values} layer values/s`, keystrokes);
  }

  function row(what: string, { milliseconds: { median, p95, max } }: Keystrokes) {
    print(what, ...[median, p95, max].map((value) => `${value.toFixed(1)} ms`));
  }
}

/** Begins to send, and returns how to end it: that tells how many steps and values a second were acknowledged. */
async function telemetry(client: LspClient): Promise<() => Promise<number[]>> {
  const { ok } = await client.connection.sendRequest<{ ok: HubEndpoint }>(HUB_METHOD, null);
  const script = fileURLToPath(new URL("./sender.ts", import.meta.url));
  const senders = [
    { of: ["scalars", STEPS_A_SECOND, false], each: 1 },
    { of: ["layers", VALUES_A_SECOND / LAYERS, true], each: LAYERS },
  ].map(({ of, each }) => ({
    each,
    child: fork(script, [JSON.stringify(ok), ...of.map(String)], { stdio: "ignore" }),
  }));
  // Until they have started and send.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const counted = () => Promise.all(senders.map(async ({ child, each }) => each * (await acknowledged(child))));
  const [begun, before] = [performance.now(), await counted()];
  return async () => {
    const [seconds, after] = [(performance.now() - begun) / 1000, await counted()];
    for (const { child } of senders) {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
    return after.map((count, i) => (count - before[i]!) / seconds);
  };
}

async function acknowledged(sender: ChildProcess): Promise<number> {
  if (sender.exitCode !== null) throw new Error("a probe ended before it should");
  const told = once(sender, "message");
  sender.send("how many");
  return (await told)[0] as number;
}
