/**
 * One websocket to the hub's `/view`, kept up until disposed. The hub's address is asked anew before every attempt:
 * a language server that was restarted has another port and token.
 */
import { type Disposable, EventEmitter, type LogOutputChannel, l10n } from "vscode";
import { WebSocket } from "ws";
import type { HubEndpoint, HubResult } from "../../protocol/lsp.ts";

export type HubState = "starting" | "connected" | "disconnected" | "unavailable";
export interface HubStatus {
  readonly state: HubState;
  /** What is wrong and what to do about it. */
  readonly reason: string | null;
}

const RETRY_MS = [250, 500, 1000, 2000, 5000];
/** A run's detail with a thousand events stays far below this. */
const MAX_PAYLOAD = 64 * 1024 * 1024;

export class HubSocket implements Disposable {
  private readonly statusChanged = new EventEmitter<HubStatus>();
  private readonly text = new EventEmitter<string>();
  private readonly binary = new EventEmitter<Uint8Array>();
  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onText = this.text.event;
  readonly onBinary = this.binary.event;

  status: HubStatus = { state: "starting", reason: null };
  private socket: WebSocket | null = null;
  private retry: NodeJS.Timeout | null = null;
  private failures = 0;
  private disposed = false;

  private readonly endpoint: () => Promise<HubResult>;
  private readonly log: LogOutputChannel;

  constructor(endpoint: () => Promise<HubResult>, log: LogOutputChannel) {
    this.endpoint = endpoint;
    this.log = log;
  }

  /** Connects, unless that is done or under way. Also tries again what was given up as unavailable. */
  open(): void {
    if (this.disposed || this.socket || (this.retry && this.status.state === "starting")) return;
    this.failures = 0;
    this.schedule(0);
  }

  /** False when there is no connection: the message is not kept. */
  send(message: object): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  dispose(): void {
    this.disposed = true;
    if (this.retry) clearTimeout(this.retry);
    this.socket?.close();
    for (const emitter of [this.statusChanged, this.text, this.binary]) emitter.dispose();
  }

  private schedule(delay: number) {
    if (this.retry) clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.connect(), delay);
  }

  private async connect() {
    this.retry = null;
    if (this.status.state === "unavailable") this.become("starting", null);
    let hub: HubResult;
    try {
      hub = await this.endpoint();
    } catch (error) {
      this.lost(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.disposed || this.socket) return;
    if ("err" in hub) this.become("unavailable", hub.err);
    else this.attach(hub.ok);
  }

  private attach({ port, token }: HubEndpoint) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/view`, {
      headers: { Authorization: `Bearer ${token}` },
      maxPayload: MAX_PAYLOAD,
      perMessageDeflate: false,
      handshakeTimeout: 10_000,
    });
    this.socket = socket;
    socket.binaryType = "nodebuffer";
    socket.on("open", () => {
      this.failures = 0;
      this.become("connected", null);
    });
    socket.on("message", (data: Buffer, isBinary) => {
      if (this.disposed) return;
      if (isBinary) this.binary.fire(data);
      else this.text.fire(data.toString("utf8"));
    });
    // Every error is followed by `close`, which reconnects.
    socket.on("error", (error) => this.log.debug(`Hub connection: ${error.message}`));
    socket.on("close", () => {
      this.socket = null;
      this.lost(l10n.t("The connection to the hub was lost."));
    });
  }

  private lost(reason: string) {
    if (this.disposed) return;
    this.become("disconnected", reason);
    this.schedule(RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]!);
  }

  private become(state: HubState, reason: string | null) {
    if (this.disposed || (this.status.state === state && this.status.reason === reason)) return;
    if (state !== this.status.state) this.log.debug(`Hub: ${state}${reason ? ` (${reason})` : ""}`);
    this.status = { state, reason };
    this.statusChanged.fire(this.status);
  }
}
