/** Markup that is safe to send. Only `html` and `raw` make it. */
export type Html = { readonly markup: string };
type Value = string | number | Html | null | readonly Html[];

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function render(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string")
    return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
  if (typeof value === "number") return String(value);
  if ("markup" in value) return value.markup;
  return value.map((part) => part.markup).join("");
}

/** A template whose every value is escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: parts.map((part, index) => part + render(values[index] ?? null)).join("") };
}

export function raw(markup: string): Html {
  return { markup };
}

/** `1 234` minor units of a currency as a person writes them. */
export function money(amount: number | null, currency: string | null): string {
  if (amount === null || currency === null) return "–";
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** decimals);
}

/** A moment of the stand-in's clock, in UTC to the second. */
export function moment(atMs: number): Html {
  const iso = new Date(atMs).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")}</time>`;
}
