import type { Finding, TextEdit } from "../analysis/index.ts";

const COMMENT = /#\s*gradsight:\s*ignore\[([^\]]*)\]/;

/** The edit that silences `finding` where it stands: a comment at the end of its line, or one more name in the one there. */
export function suppressionEdit(text: string, { rule, range }: Finding): TextEdit {
  const start = Math.max(text.lastIndexOf("\n", range.start - 1), text.lastIndexOf("\r", range.start - 1)) + 1;
  let end = endOfLine(text, range.start);
  // Nothing may follow a backslash, so the comment goes where the statement's line really ends.
  while (text[end - 1] === "\\" && end < text.length)
    end = endOfLine(text, text.startsWith("\r\n", end) ? end + 2 : end + 1);
  const line = text.slice(start, end);
  const comment = COMMENT.exec(line);
  if (comment) {
    const at = start + comment.index + comment[0].length - 1;
    return { range: { start: at, end: at }, newText: comment[1]?.trim() ? `, ${rule}` : rule };
  }
  const at = start + line.trimEnd().length;
  return { range: { start: at, end: at }, newText: `  # gradsight: ignore[${rule}]` };
}

function endOfLine(text: string, from: number): number {
  const end = /[\r\n]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}
