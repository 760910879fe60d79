/** `node sender.ts ENDPOINT RUN STEPS_A_SECOND LAYERS`: a probe in a process of its own, until it is killed. */
import { send } from "./sockets.ts";
import { FRAME_STEPS, frame } from "./telemetry.ts";

const [endpoint, run, perSecond, layers] = process.argv.slice(2) as [string, string, string, string];
const endless = Number.MAX_SAFE_INTEGER;
const frameOf = (seq: number) => frame(run, seq, layers === "true");
await send(JSON.parse(endpoint), run, endless, frameOf, Number(perSecond) / FRAME_STEPS);
