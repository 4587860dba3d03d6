/** Where the client keeps a file and the times it has seen. Nothing in it is secret, but it should outlive the program. */
export type Storage = {
  get(name: string): Promise<string | null> | string | null;
  set(name: string, value: string): Promise<void> | void;
  remove(name: string): Promise<void> | void;
};

/** Forgets everything with the program: for tests, and for programs that need no offline start. */
export function memoryStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    get: (name) => kept.get(name) ?? null,
    set: (name, value) => void kept.set(name, value),
    remove: (name) => void kept.delete(name),
  };
}

/** The browser's localStorage, one per profile and origin; null where there is none or the person has switched it off. */
export function browserStorage(): Storage | null {
  try {
    const { localStorage } = globalThis;
    if (!localStorage) return null;
    return {
      get: (name) => localStorage.getItem(name),
      set: (name, value) => localStorage.setItem(name, value),
      remove: (name) => localStorage.removeItem(name),
    };
  } catch {
    // Reading the property throws where cookies are blocked.
    return null;
  }
}

/**
 * The same storage, whose failures are told to `onError` and otherwise count as "nothing there": a full or write-protected
 * disk must not stand in the way of an answer the server has given.
 */
export function forgivingStorage(storage: Storage, onError: (error: unknown) => void): Storage {
  async function attempt<T>(work: () => Promise<T> | T, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      onError(error);
      return otherwise;
    }
  }
  return {
    get: (name) => attempt(() => storage.get(name), null),
    set: (name, value) => attempt(() => storage.set(name, value), undefined),
    remove: (name) => attempt(() => storage.remove(name), undefined),
  };
}
