import { setTimeout as sleep } from "node:timers/promises";

/**
 * Looks again and again until `look` gives something, and returns it.
 * @throws after `patience` ms, saying what did not happen
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  patience = 120_000,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`Within ${patience / 1000} s, this did not happen: ${what}`);
    await sleep(100);
  }
}
