import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

// What Stripe says about a weekly subscription of half a dozen invoices, as the stand-in says it, with holes where the
// ids and times of a hundred thousand others go in.

/** Which subscription, and how often it was renewed since it was first seen. */
export type Position = { serial: number; renewals: number };

export type RenewalAnswers = {
  priceId: string;
  subscription: (at: Position) => string;
  invoices: (at: Position) => string;
  /** `invoice.paid` about the newest invoice. */
  paidEvent: (at: Position) => string;
  paidUntil: (at: Position) => Date;
};

type Hole =
  | { kind: "own"; prefix: string }
  | { kind: "of-invoice"; prefix: string; place: number }
  | { kind: "time"; seconds: number };

const weekSeconds = 7 * 86_400;
const invoiceCount = 6;
/** When the first period seen ends: within no window of the reminders of ends, so that the bench owes no mails. */
const firstEndDays = 13;

export const subscriptionId = (serial: number) => `sub_${digitsOf(serial)}`;
export const digitsOf = (serial: number) => `Bench${serial.toString().padStart(7, "0")}`;
/** @returns null when the id is none of the bench's. */
export function serialIn(text: string): number | null {
  const found = /Bench(\d{7})/.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

/** Plays a subscription's first weeks at the stand-in and keeps what it answers at the end. */
export async function takeRenewalAnswers(): Promise<RenewalAnswers> {
  const standIn = await startStripeStandIn({ deliver: "manual" });
  const headers = { authorization: "Bearer sk_test_bench" };
  const ask = async (path: string, form?: Record<string, string>): Promise<string> => {
    const body = form && { method: "POST", body: new URLSearchParams(form) };
    const answer = await fetch(`${standIn.apiBase}${path}`, { headers, ...body });
    if (!answer.ok) throw new Error(`The stand-in refused ${path}: ${await answer.text()}`);
    return answer.text();
  };
  try {
    const price: { id: string } = JSON.parse(
      await ask("/v1/prices", {
        currency: "usd",
        unit_amount: "1500",
        "recurring[interval]": "week",
        "product_data[name]": "Bench",
      }),
    );
    const { id } = standIn.subscribe({ price: price.id, email: `${digitsOf(0)}@example.com` });
    await standIn.clock.advance((invoiceCount * weekSeconds + 2 * 3600) * 1000);
    const event = standIn.events().findLast(({ type }) => type === "invoice.paid");
    const list: { data: object[]; has_more: boolean } = JSON.parse(
      await ask(`/v1/invoices?subscription=${id}&limit=${invoiceCount}&expand[]=data.payments`),
    );
    const subscription = await ask(
      `/v1/subscriptions/${id}?expand[]=customer&expand[]=items.data.price.product`,
    );
    if (!event || list.data.length !== invoiceCount) throw new Error("The stand-in renewed nothing.");
    const paid = standIn.signedRequest(event, { secret: "whsec_unused" }).body;
    return answersFrom({ priceId: price.id, subscription, list: { ...list, has_more: false }, paid });
  } finally {
    await standIn.stop();
  }
}

type Taken = {
  priceId: string;
  subscription: string;
  list: { data: object[]; has_more: boolean };
  paid: string;
};

function answersFrom({ priceId, subscription, list, paid }: Taken): RenewalAnswers {
  const places = placesOf(list.data.map((invoice) => JSON.stringify(invoice)));
  const ends = /"current_period_end":(\d+)/.exec(subscription)?.[1];
  if (!ends) throw new Error("The subscription names no end of its period.");
  const firstEnd = Math.floor(Date.now() / 1000) + firstEndDays * 86_400;
  const shift = firstEnd - Number(ends);
  const fill = (text: string) => {
    const pieces = cut(text, places);
    return ({ serial, renewals }: Position) => {
      const moved = shift + renewals * weekSeconds;
      return pieces.map((piece) => (typeof piece === "string" ? piece : put(piece))).join("");
      function put(hole: Hole): string {
        if (hole.kind === "time") return String(hole.seconds + moved);
        const own = `${hole.prefix}${digitsOf(serial)}`;
        return hole.kind === "own" ? own : `${own}n${hole.place + renewals}`;
      }
    };
  };
  return {
    priceId,
    subscription: fill(subscription),
    invoices: fill(JSON.stringify(list)),
    paidEvent: fill(paid),
    paidUntil: ({ renewals }) => new Date((firstEnd + renewals * weekSeconds) * 1000),
  };
}

const idPattern = /\b(sub|cus|si|in|pi|ch|il|inpay|pm|evt|txn|py|req)_\w{10,}/;
/** The address is made of the number, too. */
const holePattern = new RegExp(`${idPattern.source}|\\b${digitsOf(0)}(?=@)|(?<=: ?)[12]\\d{9}\\b`, "g");
/** Stay the same from one invoice to the next. */
const lasting = new Set(["sub", "cus", "si", "pm"]);

/** Ids that belong to one invoice, with its place among the others, the oldest first. */
function placesOf(invoices: string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, invoice] of invoices.entries())
    for (const [id, prefix = ""] of invoice.matchAll(new RegExp(idPattern, "g")))
      if (!lasting.has(prefix)) places.set(id, invoices.length - 1 - index);
  return places;
}

/** The text in pieces, with a hole for each id and each time. Ids of the event itself count as the newest invoice's. */
function cut(text: string, places: Map<string, number>): (string | Hole)[] {
  const pieces: (string | Hole)[] = [];
  let from = 0;
  for (const found of text.matchAll(holePattern)) {
    const [whole, prefix] = found;
    pieces.push(text.slice(from, found.index));
    from = found.index + whole.length;
    if (whole === digitsOf(0)) pieces.push({ kind: "own", prefix: "" });
    else if (!prefix) pieces.push({ kind: "time", seconds: Number(whole) });
    else if (lasting.has(prefix)) pieces.push({ kind: "own", prefix: `${prefix}_` });
    else
      pieces.push({ kind: "of-invoice", prefix: `${prefix}_`, place: places.get(whole) ?? invoiceCount - 1 });
  }
  pieces.push(text.slice(from));
  return pieces;
}
