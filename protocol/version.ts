/** The version of every contract in this folder. A peer that speaks another one is refused by name, never guessed at. */
export const PROTOCOL_VERSION = 1;
