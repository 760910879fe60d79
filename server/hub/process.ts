/** Whether this machine runs a process of this id, as far as can be told. Ids are used again, so true may be wrong. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
