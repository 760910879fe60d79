import { expect, it, vi } from "vitest";
import { Throttle } from "./throttle.ts";

/** Stands in for a socket: what matters here is whether it is read from. */
const socketOf = () => ({
  isPaused: false,
  pause() {
    this.isPaused = true;
  },
  resume() {
    this.isPaused = false;
  },
});

it("stops reading from who floods, and reads on when that has been paid for", () => {
  vi.useFakeTimers();
  try {
    let now = 0;
    let complaints = 0;
    const socket = socketOf();
    const throttle = new Throttle(
      socket,
      () => {
        complaints += 1;
      },
      () => now,
    );
    const countUntilPaused = () => {
      let taken = 0;
      while (!socket.isPaused && taken < 100_000) {
        throttle.count();
        taken += 1;
      }
      return taken;
    };
    expect(countUntilPaused()).toBe(10_001);
    now += 1000;
    vi.runAllTimers();
    expect(socket.isPaused).toBe(false);
    expect(countUntilPaused()).toBe(5_000);
    expect(complaints).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

it("never stops who keeps to the rate", () => {
  let now = 0;
  const socket = socketOf();
  const throttle = new Throttle(
    socket,
    () => {},
    () => now,
  );
  for (let i = 0; i < 50_000; i += 1) {
    throttle.count();
    now += 0.25;
  }
  expect(socket.isPaused).toBe(false);
});
