export type Due = { id: string; at: number };
export type TimerQueue = {
  push(entry: Due): void;
  first(): Due | undefined;
  removeFirst(): void;
  clear(): void;
};

/** What comes first, without looking at all the others: a binary heap by time, and by arrival within one moment. */
export function createTimerQueue(): TimerQueue {
  let heap: Array<Due & { arrival: number }> = [];
  let arrivals = 0;

  const isBefore = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.arrival < other.arrival);
  };
  const swap = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = one;
  };
  const rise = (start: number) => {
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = () => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const child = isBefore(left + 1, left) ? left + 1 : left;
      if (!isBefore(child, at)) return;
      swap(at, child);
      at = child;
    }
  };

  return {
    push: (entry) => {
      arrivals += 1;
      heap.push({ ...entry, arrival: arrivals });
      rise(heap.length - 1);
    },
    first: () => heap[0],
    removeFirst: () => {
      swap(0, heap.length - 1);
      heap.pop();
      sink();
    },
    clear: () => {
      heap = [];
    },
  };
}
