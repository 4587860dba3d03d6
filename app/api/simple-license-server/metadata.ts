/** What one request may carry as metadata. https://github.com/ByteBardOrg/simplelicenseserver */
const maxEntries = 64;
const maxDepth = 5;
const maxNodes = 512;

/** The name under which a license remembers which of its texts stand for other JSON values; never shown as metadata. */
const jsonNames = "simple-license-server:json";

/** Why this cannot be kept, as a sentence; null when it can. */
export function metadataProblem(metadata: Record<string, unknown>): string | null {
  if (Object.keys(metadata).length > maxEntries) return `metadata has more than ${maxEntries} entries.`;
  if (Object.hasOwn(metadata, jsonNames)) return `metadata cannot have an entry called ${jsonNames}.`;
  let nodes = 0;
  const waiting: { value: unknown; depth: number }[] = [{ value: metadata, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (++nodes > maxNodes) return `metadata holds more than ${maxNodes} values.`;
    if (next.value === null || typeof next.value !== "object") continue;
    const depth = next.depth + 1;
    if (depth > maxDepth) return `metadata is nested more than ${maxDepth} levels deep.`;
    for (const value of Object.values(next.value)) waiting.push({ value, depth });
  }
  return null;
}

/** Metadata as Latchkey keeps it, texts by name. `fromTexts` gives back what came in. */
export function toTexts(metadata: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(metadata);
  const others = entries.filter(([, value]) => typeof value !== "string").map(([name]) => name);
  return Object.fromEntries([
    ...entries.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
    ...(others.length > 0 ? [[jsonNames, JSON.stringify(others)]] : []),
  ]);
}

export function fromTexts(texts: Record<string, string>): Record<string, unknown> {
  const others = parsed(texts[jsonNames] ?? "[]");
  const isOther = (name: string) => Array.isArray(others) && others.includes(name);
  return Object.fromEntries(
    Object.entries(texts)
      .filter(([name]) => name !== jsonNames)
      .map(([name, text]) => [name, isOther(name) ? parsed(text) : text]),
  );
}

/** The text itself where staff have changed it since, so that it is no JSON any more. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
