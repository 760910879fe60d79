/** Our own logging call: a loop that no framework drives names its threshold there. */
import { at, type Framework } from "./framework.ts";

export const gradsight: Framework = {
  name: "gradsight",
  title: "gradsight.log",
  mentions: ["gradsight"],
  triggers: ["gradsight"],
  calls: { "gradsight.log": { event: "log", threshold: at(null, "threshold") } },
  inert: /^gradsight(\.|$)/,
};
