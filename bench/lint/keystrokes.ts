/** From a keystroke to its diagnostics: through the analyser in this process, and through the language server as VS Code talks to it. */
import { TextDocument } from "vscode-languageserver-textdocument";
import { applyEdits } from "../../server/text/edits.ts";
import { analyser } from "../../test/analysis/analyser.ts";
import { LspClient } from "../../test/lsp/client.ts";
import { TYPINGS } from "./edits.ts";
import { processUsage } from "./process.ts";
import { type Spread, spreadOf } from "./quantiles.ts";
import { trainingScript } from "./script.ts";

export interface Keystrokes {
  readonly lines: number;
  readonly findings: number;
  /** Opening the text and linting it for the first time. */
  readonly first: number;
  readonly milliseconds: Spread;
  /** Processor time of the process that lints, each keystroke's share. */
  readonly cpu: number;
  readonly byTyping: Readonly<Record<string, Spread>>;
}

const WARM_UP = 3;

/** Runs all kinds of typing `rounds` times; `press` sends one keystroke and resolves with its time. */
async function type(
  text: string,
  rounds: number,
  press: (edit: { range: { start: number; end: number }; newText: string }) => Promise<number>,
) {
  const times: Record<string, number[]> = {};
  for (let round = -WARM_UP; round < rounds; round++)
    for (const { name, keystrokes } of TYPINGS)
      for (const edit of keystrokes(text, round + WARM_UP)) {
        const time = await press(edit);
        if (round < 0) continue;
        times[name] ??= [];
        times[name].push(time);
      }
  return {
    milliseconds: spreadOf(Object.values(times).flat()),
    byTyping: Object.fromEntries(Object.entries(times).map(([name, values]) => [name, spreadOf(values)])),
  };
}

const perKeystroke = (cpu: number, text: string, rounds: number) =>
  cpu / ((rounds + WARM_UP) * TYPINGS.reduce((sum, { keystrokes }) => sum + keystrokes(text, 0).length, 0));

export async function inAnalyser(lines: number, rounds: number): Promise<Keystrokes> {
  const text = trainingScript(lines);
  const begun = performance.now();
  const module = analyser.open(text);
  const findings = module.lint().length;
  const first = performance.now() - begun;
  const cpu = process.cpuUsage();
  const typed = await type(text, rounds, async (edit) => {
    const start = performance.now();
    module.edit([edit]);
    module.lint();
    return performance.now() - start;
  });
  const { user, system } = process.cpuUsage(cpu);
  if (module.text !== text) throw new Error("the typing did not leave the text as it was");
  module.dispose();
  return { lines, findings, first, ...typed, cpu: perKeystroke((user + system) / 1000, text, rounds) };
}

/**
 * `beside` begins what goes on meanwhile, and returns how to end it. `every`: milliseconds from one keystroke to the next, where the
 * one before it is answered by then; without, each follows at once, which nobody types, and which keeps a core busy by itself.
 */
export async function inServer(
  lines: number,
  rounds: number,
  options: {
    initializationOptions?: unknown;
    beside?: (client: LspClient) => Promise<() => Promise<void>>;
    every?: number;
  } = {},
): Promise<Keystrokes & { readonly peak: number | null }> {
  const text = trainingScript(lines);
  const uri = "file:///bench.py";
  const { beside, every = 0, ...clientOptions } = options;
  const client = await LspClient.start({ ipc: true, ...clientOptions });
  const end = await beside?.(client);
  const begun = performance.now();
  await client.open(uri, text);
  const findings = (await client.pull(uri)).length;
  const first = performance.now() - begun;
  let version = 1;
  let pressed = 0;
  let document = TextDocument.create(uri, "python", version, text);
  const before = processUsage(client.process.pid);
  const typed = await type(text, rounds, async (edit) => {
    const range = { start: document.positionAt(edit.range.start), end: document.positionAt(edit.range.end) };
    const now = applyEdits(document.getText(), [edit]);
    document = TextDocument.create(uri, "python", version, now);
    const pause = pressed + every - performance.now();
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    const start = performance.now();
    pressed = start;
    await client.change(uri, ++version, { range, text: edit.newText });
    await client.pull(uri);
    return performance.now() - start;
  });
  const after = processUsage(client.process.pid);
  await end?.();
  await client.stop();
  const cpu = before && after ? perKeystroke(after.cpu - before.cpu, text, rounds) : Number.NaN;
  return { lines, findings, first, ...typed, cpu, peak: after?.peak ?? null };
}
