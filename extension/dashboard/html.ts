/** The dashboard's page: a script, a style sheet, and nothing else that the browser may load. */
import { randomBytes } from "node:crypto";
import { env, l10n, Uri, type Webview } from "vscode";

/** The only folder that the webview may read. */
export const dashboardRoot = (extensionUri: Uri) => Uri.joinPath(extensionUri, "dist", "webview");

export function dashboardHtml(webview: Webview, extensionUri: Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const resource = (name: string) => webview.asWebviewUri(Uri.joinPath(dashboardRoot(extensionUri), name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  // Data, not code. "<" is written so that no translation can end the element.
  const bundle = JSON.stringify(l10n.bundle ?? {}).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="${escapeHtml(env.language)}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(l10n.t("Gradsight Dashboard"))}</title>
  <link rel="stylesheet" href="${resource("dashboard.css")}">
</head>
<body>
  <script type="application/json" id="l10n">${bundle}</script>
  <script nonce="${nonce}" src="${resource("dashboard.js")}"></script>
</body>
</html>`;
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
