import { dayWords, holdWords, listWords } from "#app/domain/license/license-words.ts";

/** One thing that was done to a license, in words. */
export type LicenseAct = {
  who: string;
  what: string;
  why: string | null;
  /** ISO instant. */
  when: string;
};

/**
 * An audit row about a license as a person reads it: "Extended to 3 Dec 2026", "Suspended because of a refund (ch_1)".
 * With what was before it also names what came and went.
 */
export function licenseActWords(event: string, after: unknown, before?: unknown): string {
  const facts = factsOf(after);
  switch (event) {
    case "license.issued":
      return facts.raw("imported") === true ? "License imported with the key it had" : "License issued";
    case "license.extended": {
      const [extended, paid] = [facts.day("extendedUntil"), facts.day("paidUntil")];
      if (after && !extended && !paid) return "Made to never end";
      return withDay("Extended", "to", extended ?? paid);
    }
    case "license.renewed":
      return withDay("Renewed", "to", facts.day("paidUntil"));
    case "license.shortened":
      return withDay("Shortened", "to", facts.day("paidUntil"));
    case "license.suspended":
      return withHolds("Suspended", " because of", holdsOf(after).filter(isNew(before)));
    case "license.reinstated":
      return reinstatedWords(before, after);
    case "license.revoked":
      return facts.text("revokedBy") === "stripe" ? "Revoked because of its payment" : "Revoked";
    case "license.plan-changed":
      return "Moved to another plan";
    case "license.seats-changed":
      return seatsWords(before, after);
    case "license.released":
      return "Seat released: the subscription has fewer seats now";
    case "license.restored":
      return "Seat restored with the same key";
    case "license.grace-changed":
      return facts.day("graceUntil") === null
        ? "Grace ended"
        : withDay("Works", "until", facts.day("graceUntil")).concat(" while the renewal is awaited");
    case "license.assigned": {
      const owner = facts.text("owner");
      return owner ? `Assigned to ${owner}` : "Assigned to a customer";
    }
    case "license.key-rotated":
      return withDay("Key replaced; the old one works", "until", facts.day("oldKeyUntil"));
    case "license.limit-changed":
      return "Device limit changed";
    case "license.metadata-changed":
      return "Metadata changed";
    case "activation.created":
      return withName("Device activated", facts.text("deviceName"));
    case "activation.released":
      return withName("Device released", facts.text("deviceName"));
    case "license.moved":
      return "Moved to another item of the subscription";
    case "license.resent": {
      const recipient = facts.text("recipient");
      return recipient ? `Key sent again to ${recipient}` : "Key sent again";
    }
    case "license.key-revealed":
      return "Key revealed";
    default: {
      const words = event.replace(/[.-]/g, " ");
      return words.charAt(0).toUpperCase() + words.slice(1);
    }
  }
}

/**
 * What else a change moved besides what its words already name: a suspension may come with a new end. `planName` tells
 * the name of a policy id.
 */
export function licenseChangeWords(
  act: { event: string; before: unknown; after: unknown },
  planName: (policyId: string) => string,
): string[] {
  if (act.before === null || act.before === undefined) return [];
  const [before, after] = [factsOf(act.before), factsOf(act.after)];
  const lines: string[] = [];
  const named = new Set(namedIn[act.event] ?? []);
  for (const { field, label } of ends) {
    const [was, is] = [before.day(field), after.day(field)];
    if (before.text(field) === after.text(field) || (named.has(field) && was === null)) continue;
    lines.push(`${label}: ${was ?? "none"} → ${is ?? "none"}`);
  }
  const [oldPlan, newPlan] = [before.text("policyId"), after.text("policyId")];
  if (oldPlan && newPlan && oldPlan !== newPlan)
    lines.push(`Plan: ${planName(oldPlan)} → ${planName(newPlan)}`);
  if (before.count("deviceLimit") !== after.count("deviceLimit") && !named.has("deviceLimit"))
    lines.push(`Devices: ${before.count("deviceLimit")} → ${after.count("deviceLimit")}`);
  if (!named.has("holds")) {
    const came = holdsOf(act.after).filter(isNew(act.before));
    const went = holdsOf(act.before).filter(isNew(act.after));
    if (came.length > 0) lines.push(withHolds("On hold", " because of", came));
    if (went.length > 0) lines.push(withHolds("Settled", ":", went));
  }
  return lines;
}

const ends = [
  { field: "paidUntil", label: "Paid until" },
  { field: "graceUntil", label: "Grace until" },
  { field: "extendedUntil", label: "Extended until" },
] as const;

/** Fields that the words of the event already tell, so that they need no line of their own. */
const namedIn: Record<string, readonly string[]> = {
  "license.extended": ["extendedUntil"],
  "license.renewed": ["paidUntil"],
  "license.grace-changed": ["graceUntil"],
  "license.seats-changed": ["deviceLimit"],
  "license.suspended": ["holds"],
  "license.reinstated": ["holds"],
  "license.released": ["holds"],
  "license.restored": ["holds"],
};

function reinstatedWords(before: unknown, after: unknown): string {
  const settled = holdsOf(before)
    .filter(isNew(after))
    .filter((cause) => cause !== "staff");
  const left = holdsOf(after);
  if (left.length > 0) return withHolds("Still on hold", " because of", left);
  return settled.length > 0 ? `Reinstated: ${listWords(settled.map(holdWords))} settled` : "Reinstated";
}

function seatsWords(before: unknown, after: unknown): string {
  const [was, is] = [factsOf(before).count("deviceLimit"), factsOf(after).count("deviceLimit")];
  return before && was !== is ? `Seats changed: ${was} → ${is} devices` : "Seats changed";
}

function withName(words: string, name: string | null): string {
  return name ? `${words}: ${name}` : words;
}

function withDay(verb: string, preposition: string, day: string | null): string {
  return day ? `${verb} ${preposition} ${day}` : verb;
}

/** "Suspended because of a refund (ch_1)"; staff's own hold is the word itself. */
function withHolds(verb: string, link: string, causes: readonly string[]): string {
  const others = causes.filter((cause) => cause !== "staff");
  return others.length > 0 ? `${verb}${link} ${listWords(others.map(holdWords))}` : verb;
}

const isNew = (other: unknown) => {
  const known = holdsOf(other);
  return (cause: string) => !known.includes(cause);
};

function holdsOf(value: unknown): string[] {
  const holds = factsOf(value).raw("holds");
  return Array.isArray(holds) ? holds.filter((cause) => typeof cause === "string") : [];
}

/** Reads what an audit row keeps, which older rows may have less of. */
function factsOf(value: unknown) {
  const facts = value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {}; // any object has string keys
  const text = (name: string) => (typeof facts[name] === "string" ? facts[name] : null);
  return {
    raw: (name: string) => facts[name],
    text,
    day: (name: string) => {
      const at = new Date(text(name) ?? Number.NaN);
      return Number.isNaN(at.getTime()) ? null : dayWords(at);
    },
    count: (name: string) => (typeof facts[name] === "number" ? String(facts[name]) : "any number of"),
  };
}
