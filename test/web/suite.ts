/** A suite that runs in a web extension host, where there is neither a disk to load tests from nor Node's `assert`. */
const LIMIT = 60_000;

type Body = () => unknown;

export class Suite {
  readonly #tests: { readonly name: string; readonly body: Body }[] = [];

  it(name: string, body: Body): void {
    this.#tests.push({ name, body });
  }

  /** One test after the other. Rejects when any failed; the last line has the counts, as mocha's JSON reporter gives them. */
  async run(): Promise<void> {
    let failures = 0;
    for (const { name, body } of this.#tests) {
      const problem = await problemOf(body);
      failures += problem === null ? 0 : 1;
      console.log(`  ${problem === null ? "✔" : "✖"} ${name}${problem === null ? "" : `: ${problem}`}`);
    }
    console.log(JSON.stringify({ stats: { passes: this.#tests.length - failures, failures, pending: 0 } }));
    if (failures > 0) throw new Error(`${failures} of the tests in the web extension host failed`);
  }
}

async function problemOf(body: Body): Promise<string | null> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, LIMIT, `not done after ${LIMIT} ms`));
  const done = (async () => body())().then(
    () => null,
    (error: Error) => error.stack ?? error.message,
  );
  return Promise.race([done, late]);
}

export function ok(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

/** As JSON tells them apart. */
export function equal(actual: unknown, expected: unknown): void {
  const [found, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (found !== wanted) throw new Error(`${found} instead of ${wanted}`);
}
