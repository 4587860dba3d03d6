const registry = Symbol.for("latchkey.singletons");

/**
 * One value per process under this name, even when the module that asks for it is loaded twice (the server
 * runs from source, the pages from the bundle Remix built, and both must share one connection pool).
 */
export function singleton<T>(name: string, create: () => T): T {
  const holder = globalThis as { [registry]?: Map<string, unknown> };
  holder[registry] ??= new Map();
  const values = holder[registry];
  if (!values.has(name)) values.set(name, create());
  return values.get(name) as T; // only `create` above, with the same name, ever puts a value here
}

/** Forgets a value, so that the next `singleton` call makes a new one. Tests and shutdown use it. */
export function dropSingleton(name: string): void {
  const holder = globalThis as { [registry]?: Map<string, unknown> };
  holder[registry]?.delete(name);
}
