/**
 * Requests to the hub and their answers, over the extension's relay. An answer is checked with the shape of its method
 * before anybody sees it; one that fits nothing is reported and dropped.
 */
import { decodeFrame, type Frame } from "../../protocol/frame.ts";
import {
  type FrameMethod,
  type PageRequest,
  type ViewerPush,
  type ViewerResults,
  viewerFailure,
  viewerPush,
  viewerResults,
} from "../../protocol/viewer.ts";

type PageMethod = PageRequest["method"];
type JsonMethod = Exclude<PageMethod, FrameMethod>;
type Parameters<M extends PageMethod> = Omit<Extract<PageRequest, { method: M }>, "id" | "method">;
interface Pending {
  method: PageMethod;
  resolve(value: never): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

const TIMEOUT_MS = 20_000;

export class HubError extends Error {}

export class HubClient {
  readonly #send: (request: PageRequest) => void;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(send: (request: PageRequest) => void) {
    this.#send = send;
  }

  request<M extends JsonMethod>(method: M, parameters: Parameters<M>): Promise<ViewerResults[M]> {
    return this.#ask(method, parameters);
  }

  tile(parameters: Parameters<"tile">): Promise<Frame> {
    return this.#ask("tile", parameters);
  }

  layers(parameters: Parameters<"layers">): Promise<Frame> {
    return this.#ask("layers", parameters);
  }

  /**
   * Takes one JSON message of the hub; returns it when it is a push.
   * @throws {Error} when the message fits no shape
   */
  receive(message: unknown): ViewerPush | null {
    if (typeof message === "object" && message !== null && "push" in message) return viewerPush(message);
    const { id, ok } = message as { id?: unknown; ok?: unknown };
    if (typeof id !== "number") throw new HubError("a message without an id");
    const pending = this.#take(id);
    if (!pending) return null; // answered too late: nobody waits any more
    try {
      if (ok === undefined) pending.reject(new HubError(viewerFailure(message).err.message));
      else if (isFrameMethod(pending.method)) throw new HubError("an answer that should be binary and is not");
      else pending.resolve(viewerResults[pending.method](ok) as never);
    } catch (error) {
      pending.reject(error as Error);
      throw error;
    }
    return null;
  }

  /** Takes one binary message of the hub. @throws {FrameError} when it is no frame */
  receiveFrame(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    const pending = this.#take(Number(frame.metadata.reply));
    pending?.resolve(frame as never);
  }

  /** Fails what is under way: its answers will not come. */
  abandon(reason: string): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)!.reject(new HubError(reason));
  }

  #ask<T>(method: PageMethod, parameters: object): Promise<T> {
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => this.#take(id)?.reject(new HubError(`no answer to "${method}"`)), TIMEOUT_MS);
      this.#pending.set(id, { method, resolve, reject, timer });
      this.#send({ method, id, ...parameters } as PageRequest);
    });
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }
}

const isFrameMethod = (method: PageMethod): method is FrameMethod => method === "tile" || method === "layers";
