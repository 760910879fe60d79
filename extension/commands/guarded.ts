import { CancellationError, commands, Disposable, type LogOutputChannel, l10n, window } from "vscode";

export type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A command that fails says so and leaves the others alone. */
export function registerGuarded(handlers: Handlers, log: LogOutputChannel): Disposable {
  const guarded =
    (handler: (...args: never[]) => unknown) =>
    async (...args: unknown[]) => {
      try {
        return await handler(...(args as never[]));
      } catch (error) {
        if (error instanceof CancellationError) return;
        log.error(error instanceof Error ? error : String(error));
        const showLog = l10n.t("Show Log");
        const message = error instanceof Error ? error.message : String(error);
        if ((await window.showErrorMessage(`Gradsight: ${message}`, showLog)) === showLog) log.show();
      }
    };
  return Disposable.from(
    ...Object.entries(handlers).map(([name, handler]) => commands.registerCommand(name, guarded(handler))),
  );
}
