/** What an API key may do, noun first. A route names the one it needs; no scope implies another. */
export const scopes = [
  "licenses:read",
  "licenses:write",
  "catalog:read",
  "catalog:write",
  "api-keys:write",
] as const;
export type Scope = (typeof scopes)[number];

const meanings: Record<Scope, string> = {
  "licenses:read": "Read licenses and their devices",
  "licenses:write": "Create, extend, suspend, revoke and re-send licenses, release devices",
  "catalog:read": "Read products and policies",
  "catalog:write": "Change products and policies",
  "api-keys:write": "Create, rotate and revoke API keys with scopes of its own",
};

/** What a scope allows, for the person who grants it. */
export function scopeMeaning(scope: Scope): string {
  return meanings[scope];
}

export function isScope(value: string): value is Scope {
  return scopes.some((scope) => scope === value);
}

/** Whether a key with the scopes `own` may make, rotate or hand out one with `wanted`: never a wider one. */
export function canGrant(own: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.every((scope) => own.includes(scope));
}
