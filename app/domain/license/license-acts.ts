import { dayWords } from "#app/domain/license/license-words.ts";

/** One thing that was done to a license, in words. */
export type LicenseAct = {
  who: string;
  what: string;
  why: string | null;
  /** ISO instant. */
  when: string;
};

/** An audit row about a license as a person reads it: "Extended to 3 Dec 2027". */
export function licenseActWords(event: string, after: unknown): string {
  const facts = after !== null && typeof after === "object" ? (after as Record<string, unknown>) : {}; // any object has string keys
  const text = (name: string) => (typeof facts[name] === "string" ? facts[name] : null);
  switch (event) {
    case "license.issued":
      return "License issued";
    case "license.extended": {
      const end = text("extendedUntil");
      return end ? `Extended to ${dayWords(new Date(end))}` : "Extended";
    }
    case "license.suspended":
      return "Suspended";
    case "license.reinstated":
      return "Reinstated";
    case "license.revoked":
      return "Revoked";
    case "license.resent": {
      const recipient = text("recipient");
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
