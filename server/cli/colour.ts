import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_, text) => text;

/** Colours for a terminal, unless `NO_COLOR` (https://no-color.org) forbids or `FORCE_COLOR` asks. */
export function paintFor(stream: NodeJS.WriteStream, env = process.env): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0";
  if (env.NO_COLOR || (!forced && (!stream.isTTY || env.TERM === "dumb"))) return plain;
  return (style, text) => styleText(style, text, { validateStream: false });
}
