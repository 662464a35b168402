/** A user that owns nothing, where there is no other. */
const NOBODY = 65_534;

/** Runs `work` without the rights of root, which no file is closed to; as it is where this process has none. */
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
