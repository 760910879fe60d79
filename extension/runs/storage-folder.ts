import { basename, dirname, join } from "node:path";

/**
 * Where the runs of a workspace are, from the folder that VS Code gives the extension in this window. Where another extension host has
 * the same workspace open (a second window of a remote folder, or a window that was lost and has yet to time out), VS Code gives
 * a folder with "-1" behind the workspace's id; the runs are the workspace's all the same, and the store serves several windows.
 */
export function storageFolder(given: string): string {
  const workspace = dirname(given);
  const id = /^(-?[0-9a-f]+)-\d+$/.exec(basename(workspace))?.[1];
  return id === undefined ? given : join(dirname(workspace), id, basename(given));
}
