/**
 * Where a text can be cut so that each piece parses as it does in the whole: before a line that begins a top-level
 * statement. A piece too long is none the worse for it; a bracket that is left open ends where a definition begins.
 */

/** What no line that begins a statement starts with: blank lines, comments, blocks, closing brackets, further clauses. */
const GOES_ON = /[ \t\f\r\n#)\]}]|(?:else|elif|except|finally)(?![\p{L}\p{N}_])/uy;
/** What can't stand within brackets. */
const BEGINS_ANEW =
  /(?:(?:async[ \t]+)?def|class|import|with|while|try|return|raise|if __name__)(?![\p{L}\p{N}_])|for[^\n]*:[ \t]*(?=[\r\n])|@[\w.]+(?:\([^\n]*\))?[ \t]*\r?\n(?:@[^\n]*\n)*(?:async[ \t]+)?(?:def|class)[ \t]/uy;
const PLAIN = /[^"'#()[\]{}\\\n]+/y;
const SPACE = /[ \t\f\r]+/y;
const COMMENT = /#[^\r\n]*/y;
/** Up to the end of the line where it isn't closed. */
const STRING = { '"': /"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*"?/y, "'": /'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'?/y };
const CONTINUATION = /\\(?:\r?\n)?/y;

export interface Chunk {
  readonly end: number;
  /** The blank lines and comments between here and the end are part of no statement. */
  readonly codeEnd: number;
}

/** The piece that begins at `start`, which is the start of a line. */
export function chunkAt(text: string, start: number): Chunk {
  let depth = 0;
  let decorates = text[start] === "@";
  let line = start;
  let code = start;
  let at = start;
  while (at < text.length) {
    const character = text[at]!;
    if (character === "\n") {
      at += 1;
      line = at;
      if (matches(depth > 0 ? BEGINS_ANEW : GOES_ON, text, at) !== depth > 0) continue;
      if (depth > 0 || !decorates) break;
      decorates = text[at] === "@";
    } else if (character === "#") {
      const comment = at;
      at = after(COMMENT, text, at);
      if (comment > line) code = at;
    } else if (character === " " || character === "\t") at = after(SPACE, text, at);
    else {
      if (character === "(" || character === "[" || character === "{") depth += 1;
      if (character === ")" || character === "]" || character === "}") depth = Math.max(0, depth - 1);
      at = afterToken(character, text, at);
      code = at;
    }
  }
  const newline = text.indexOf("\n", code);
  return { end: at, codeEnd: newline === -1 || newline >= at ? at : newline + 1 };
}

function afterToken(first: string, text: string, at: number): number {
  if (first === '"' || first === "'")
    return text.startsWith(first.repeat(3), at) ? afterTriple(first, text, at) : after(STRING[first], text, at);
  return after(first === "\\" ? CONTINUATION : PLAIN, text, at);
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at + 1;
}

function afterTriple(quote: string, text: string, start: number): number {
  for (let at = start + 3; ; at += 1) {
    at = text.indexOf(quote.repeat(3), at);
    if (at === -1) return text.length;
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return at + 3;
  }
}
