import { columnRoles } from "./column-roles.ts";
import { isPlaceName } from "./read/step-columns.ts";

/** More are no list to choose from. */
const MOST_NAMES = 10_000;
const LONGEST_NAME = 1024;

/** The names of what a log has numbers of. */
export class LoggedNames {
  private readonly found = new Set<string>();

  note(values: Readonly<Record<string, number>>): void {
    for (const name in values) {
      if (this.found.has(name) || this.found.size === MOST_NAMES) continue;
      if (name.length <= LONGEST_NAME && !isPlaceName(name)) this.found.add(name);
    }
  }

  get list(): string[] {
    return [...this.found].sort();
  }

  get roles(): ReturnType<typeof columnRoles> {
    return columnRoles(this.list);
  }
}
