import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startHub } from "./host.ts";
import { hello, ProbeClient } from "./testing/clients.ts";
import { Inbox } from "./testing/inbox.ts";
import { temporaryFolder } from "./testing/test-hub.ts";

const workerFile = fileURLToPath(new URL("./worker.ts", import.meta.url));

it("starts the hub, passes its log on, and stops it without calling that an exit", async () => {
  const logs = new Inbox<string>();
  const exits: string[] = [];
  const hub = await startHub({
    storage: temporaryFolder(),
    workerFile,
    onLog: (level, message) => logs.put(`${level}: ${message}`),
    onExit: (reason) => exits.push(reason),
  });
  await ProbeClient.greet(hub.endpoint, hello());
  await logs.find((line) => line.startsWith('info: Run "train.py" connected'));
  await hub.stop();
  expect(exits).toEqual([]);
});

it.runIf(process.platform === "linux")("gives way to the thread that answers keystrokes", async () => {
  const niceness = () =>
    readdirSync("/proc/self/task").map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
      // Fields after the name, which may itself have parentheses: the 19th of all.
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    });
  const own = getPriority();
  expect(niceness()).not.toContain(own + 5);
  const hub = await startHub({ storage: temporaryFolder(), workerFile, onLog() {}, onExit() {} });
  const started = niceness();
  expect(started).toContain(own);
  expect(started).toContain(Math.min(19, own + 5));
  await hub.stop();
});

it("rejects with the hub's own words when it can't run", async () => {
  const storage = join(temporaryFolder(), "file");
  writeFileSync(storage, "");
  const starting = startHub({ storage, workerFile, onLog() {}, onExit() {} });
  await expect(starting).rejects.toThrow(storage);
});

it("tells of a hub that crashed, and keeps what it prints out of the server's own stream", async () => {
  const workerFile = join(temporaryFolder(), "crashing.cjs");
  writeFileSync(
    workerFile,
    `const { parentPort } = require("node:worker_threads");
     parentPort.postMessage({ type: "ready", endpoint: { port: 1, token: "", rendezvous: "" } });
     console.log("printed");
     setImmediate(() => { throw new Error("out of luck"); });`,
  );
  const logs = new Inbox<string>();
  const exits = new Inbox<string>();
  await startHub({
    storage: "",
    workerFile,
    onLog: (_, message) => logs.put(message),
    onExit: (reason) => exits.put(reason),
  });
  expect(await exits.find(() => true)).toBe("out of luck");
  await logs.find((line) => line === "printed");
  await logs.find((line) => line.startsWith("Error: out of luck"));
});
