/**
 * `sender.ts ENDPOINT RUN STEPS_A_SECOND LAYERS`, forked: a probe in a process of its own, until it is killed; asked, it tells how many
 * steps are acknowledged. What it sends is encoded ahead: a training would have processors of its own, which are not what is measured.
 */
import { send } from "./sockets.ts";
import { FRAME_STEPS, framesOf } from "./telemetry.ts";

const [endpoint, run, perSecond, layers] = process.argv.slice(2) as [string, string, string, string];
const endless = Number.MAX_SAFE_INTEGER;
let acknowledged = 0;
process.on("message", () => process.send?.(acknowledged * FRAME_STEPS));
const frameOf = framesOf(run, layers === "true");
await send(JSON.parse(endpoint), run, endless, frameOf, Number(perSecond) / FRAME_STEPS, (frames) => {
  acknowledged = frames;
});
