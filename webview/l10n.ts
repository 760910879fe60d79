/**
 * Translations. The English text is the key, as in `vscode.l10n`; the page may hold a bundle in
 * `<script type="application/json" id="l10n">`, which is data and so needs no nonce. Numbers follow the page's `lang`.
 */
function readBundle(): Record<string, string> {
  try {
    return JSON.parse(document.getElementById("l10n")?.textContent ?? "{}");
  } catch {
    return {};
  }
}

const bundle = readBundle();
export const locale = document.documentElement.lang || "en";

/** Translates `message` and fills `{0}`, `{1}` … with `values`. */
export function t(message: string, ...values: (string | number)[]): string {
  const translated = Object.hasOwn(bundle, message) ? bundle[message]! : message;
  return translated.replace(/\{(\d+)\}/g, (placeholder, i) => String(values[Number(i)] ?? placeholder));
}
