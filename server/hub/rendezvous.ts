import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RENDEZVOUS_FILE, type Rendezvous, rendezvous } from "../../protocol/rendezvous.ts";
import { isProcess } from "./process.ts";

/**
 * The file by which probes find the hub. Windows that share a storage folder share it: the newest hub's word stands, any
 * hub of the folder serves any probe, and when that one goes another puts its own address there.
 */
export class RendezvousFile {
  readonly path: string;
  private readonly own: Rendezvous;

  constructor(storage: string, own: Rendezvous) {
    this.path = join(storage, RENDEZVOUS_FILE);
    this.own = own;
  }

  write(): void {
    const draft = `${this.path}.${randomBytes(6).toString("hex")}`;
    writeFileSync(draft, JSON.stringify(this.own), { mode: 0o600, flag: "wx" });
    try {
      renameSync(draft, this.path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  /** Takes over where no living hub is named. */
  keep(): void {
    const named = this.read();
    if (!named || !isProcess(named.pid)) this.write();
  }

  remove(): void {
    if (this.read()?.token === this.own.token) rmSync(this.path, { force: true });
  }

  private read(): Rendezvous | null {
    try {
      return rendezvous(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      return null;
    }
  }
}
