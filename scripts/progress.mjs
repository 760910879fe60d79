/**
 * What the two commands print: one line a step, with its time. On a terminal the running step shows the last line of
 * its output; elsewhere (CI) a line appears when the step is done, and one every half minute while it is not.
 */
const tty = process.stdout.isTTY === true && !process.env.CI;
const colour = (code) => (text) => (tty ? `\x1b[${code}m${text}\x1b[0m` : text);
export const green = colour(32);
export const red = colour(31);
export const dim = colour(2);
export const bold = colour(1);

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const TITLE_WIDTH = 46;

export function say(text = "") {
  process.stdout.write(`${text}\n`);
}

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs `work` as one step. `work` gets `note(text)`, which shows what is going on, and may return a short remark
 * (a version, a count) that is printed behind the title.
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  let detail = "";
  let tick = 0;
  const timer = setInterval(
    () => {
      if (tty) {
        const frame = `${SPINNER[tick++ % SPINNER.length]} ${title.padEnd(TITLE_WIDTH)} ${seconds(started).padStart(8)}  `;
        const room = Math.max(0, (process.stdout.columns ?? 80) - frame.length - 1);
        process.stdout.write(`\r\x1b[K${frame}${dim(detail.slice(0, room))}`);
      } else say(`… ${title.padEnd(TITLE_WIDTH)} ${seconds(started).padStart(8)}`);
    },
    tty ? 100 : 30_000,
  );
  const line = (mark, remark) => {
    clearInterval(timer);
    if (tty) process.stdout.write("\r\x1b[K");
    say(`${mark} ${title.padEnd(TITLE_WIDTH)} ${dim(seconds(started).padStart(8))}${remark ? `  ${dim(remark)}` : ""}`);
  };
  try {
    const result = await work((text) => {
      detail = text;
    });
    line(green("✓"), typeof result === "string" ? result : "");
    return result;
  } catch (error) {
    line(red("✗"), "");
    throw error;
  }
}

/** An error whose message says what to do next; printed without a stack. */
export class Advice extends Error {}

/** Prints why a command can't go on. A failed program shows the end of what it said and where the rest is. */
export function explain(error) {
  say();
  if (error instanceof Advice) say(red(error.message));
  else if (error?.name === "ProgramFailed") {
    say(red(error.message));
    if (error.tail) say(error.tail.replace(/^/gm, "    "));
    if (error.log) say(dim(`    whole log: ${error.log}`));
  } else say(red(error?.stack ?? String(error)));
}
