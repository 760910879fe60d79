/** From starting the language server's process to the first diagnostics of a script of 200 lines. */
import { LspClient } from "../../test/lsp/client.ts";
import { type Spread, spreadOf } from "./quantiles.ts";
import { trainingScript } from "./script.ts";

export async function coldStart(times: number): Promise<Spread> {
  const text = trainingScript(200);
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    const client = await LspClient.start();
    await client.open("file:///cold.py", text);
    await client.pull("file:///cold.py");
    taken.push(performance.now() - begun);
    await client.stop();
  }
  return spreadOf(taken);
}
