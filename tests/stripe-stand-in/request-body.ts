/** A decoded form value: Stripe's v1 API knows text, lists and hashes, nothing else. */
export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type FormHash = { [key: string]: FormValue };

type Branch = Map<string, Branch | string>;

function keySegments(key: string): string[] {
  const [head = "", ...rest] = key.split("[");
  return [head, ...rest.map((part) => part.replace(/\]$/, ""))];
}

function isForbiddenKey(segment: string): boolean {
  return segment === "__proto__";
}

function plant(root: Branch, key: string, value: string): void {
  const segments = keySegments(key);
  if (segments.some(isForbiddenKey)) return;
  let branch = root;
  for (const [depth, name] of segments.entries()) {
    // `a[]=x` appends: it takes the next free index.
    const segment = name === "" && depth > 0 ? String(branch.size) : name;
    if (depth === segments.length - 1) {
      branch.set(segment, value);
      return;
    }
    const existing = branch.get(segment);
    const next: Branch = existing instanceof Map ? existing : new Map();
    branch.set(segment, next);
    branch = next;
  }
}

function harvest(node: Branch | string): FormValue {
  if (typeof node === "string") return node;
  const keys = [...node.keys()];
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) {
    return [...node.entries()].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => harvest(child));
  }
  return Object.fromEntries([...node.entries()].map(([key, child]) => [key, harvest(child)]));
}

/** Decodes `a[b][0][c]=x` from a body or a query string; numbered keys become lists. */
export function decodeForm(encoded: string): FormHash {
  const root: Branch = new Map();
  for (const [key, value] of new URLSearchParams(encoded)) plant(root, key, value);
  return Object.fromEntries([...root.entries()].map(([key, child]) => [key, harvest(child)]));
}

/** Turns a plain parameter object, as one gives it to the SDK, into what would arrive here over the wire. */
export function toForm(value: object): FormHash {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, toFormValue(child)]),
  );
}

function toFormValue(value: unknown): FormValue {
  if (value === null) return "";
  if (value instanceof Date) return String(Math.floor(value.getTime() / 1000));
  if (Array.isArray(value)) return value.map(toFormValue);
  if (typeof value === "object") return toForm(value);
  return String(value);
}
