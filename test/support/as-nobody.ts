/** The usual id of the user `nobody`. */
const NOBODY = 65_534;

/** Runs `work` without the rights of root, because root may open every file. A process that is not root runs it as it is. */
export function asNobody<Result>(work: () => Result): Result {
  const { geteuid, seteuid } = process;
  if (!geteuid || !seteuid || geteuid() !== 0) return work();
  seteuid(NOBODY);
  try {
    return work();
  } finally {
    seteuid(0);
  }
}
