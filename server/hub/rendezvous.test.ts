import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rendezvous } from "../../protocol/rendezvous.ts";
import { RendezvousFile } from "./rendezvous.ts";
import { TestHub, temporaryFolder } from "./testing/test-hub.ts";

const own = (token: string, pid = process.pid) => ({ protocol: 1, port: 1, token, pid, spill: "" });
const read = (path: string) => rendezvous(JSON.parse(readFileSync(path, "utf8")));

it("tells probes where the hub is, its owner only, and is gone when the hub is", async () => {
  const hub = await TestHub.start();
  const { rendezvous: path, port, token } = hub.endpoint;
  expect(path).toBe(join(hub.storage, "rendezvous.json"));
  const spill = join(hub.storage, "spill");
  expect(read(path)).toEqual({ protocol: 1, port, token, pid: process.pid, spill });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(spill).isDirectory()).toBe(true);
  await hub.stop();
  expect(existsSync(path)).toBe(false);
});

it("names the newest hub of the folder, and is left alone by an older one that stops", async () => {
  const storage = temporaryFolder();
  const [one, two] = [await TestHub.start({ storage }), await TestHub.start({ storage })];
  await one.stop();
  expect(read(two.endpoint.rendezvous).token).toBe(two.endpoint.token);
});

it("is taken over from a hub that stopped or died, and from nobody else", () => {
  const storage = temporaryFolder();
  const [one, two] = [new RendezvousFile(storage, own("one")), new RendezvousFile(storage, own("two"))];
  one.write();
  two.write();
  one.keep();
  expect(read(one.path).token).toBe("two");
  two.remove();
  one.keep();
  expect(read(one.path).token).toBe("one");
  new RendezvousFile(storage, own("dead", 2 ** 30)).write();
  one.keep();
  expect(read(one.path).token).toBe("one");
  writeFileSync(one.path, "{");
  one.keep();
  expect(read(one.path).token).toBe("one");
  expect(readdirSync(storage)).toEqual(["rendezvous.json"]);
});
