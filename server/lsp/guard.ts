import { type Connection, ResponseError } from "vscode-languageserver";

/**
 * Keeps a feature that throws from taking the others down: logs what happened and answers `nothing`. An answer that the
 * feature chose to refuse (a cancellation, say) passes. The handler runs at once, so notifications stay in order.
 */
export function guarded<Arguments extends unknown[], Result>(
  connection: Connection,
  feature: string,
  nothing: Result,
  handle: (...args: Arguments) => Result | Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await handle(...args);
    } catch (error) {
      if (error instanceof ResponseError) throw error;
      connection.console.error(`${feature} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
      return nothing;
    }
  };
}
