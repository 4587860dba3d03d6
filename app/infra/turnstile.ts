/** Lets work through, so many at a time; the others wait in the order they came. */
export type Turnstile = {
  /** @throws what `tooLate` makes, when no turn came within `longestWaitMs`; the work is not begun then. */
  pass<T>(work: () => Promise<T>): Promise<T>;
};

export function turnstile(bounds: {
  atOnce: number;
  longestWaitMs: number;
  tooLate: () => Error;
}): Turnstile {
  const { atOnce, longestWaitMs, tooLate } = bounds;
  const waiting = new Set<() => void>();
  let inside = 0;

  function enter(): Promise<void> {
    if (inside < atOnce) {
      inside += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enterNow = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(enterNow);
        reject(tooLate());
      }, longestWaitMs);
      waiting.add(enterNow);
    });
  }

  /** The turn goes straight to the next one in the line, so that no newcomer slips in between. */
  function leave(): void {
    const [next] = waiting;
    if (!next) {
      inside -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    pass: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
