export class DeadlinePassed extends Error {}

/**
 * What `work` gives, if it does so within `milliseconds`. It is not stopped, only no longer waited for, so it must be
 * harmless when it ends later.
 * @throws DeadlinePassed with `message` when it takes longer.
 */
export async function withDeadline<T>(work: Promise<T>, milliseconds: number, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlinePassed(message)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
