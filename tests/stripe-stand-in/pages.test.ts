import type { Stripe } from "stripe";
import { expect, test } from "vitest";
import { makePrice, makeSession, withReceiver, withStandIn } from "./harness.ts";
import type { RunningStandIn } from "./server.ts";

const post = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });

const pageOf = (standIn: RunningStandIn, session: Stripe.Checkout.Session) =>
  `${standIn.url}/checkout/${session.id}`;

test("the checkout page shows lines, total and prefilled address, and pays with a plain form", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe, { customer_email: "ada@example.com" }, 2);
    const shown = await fetch(session.url ?? "");
    const page = await shown.text();
    expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'");
    for (const words of [
      "Sketchpad Pro",
      "Quantity 2",
      "Pay $198.00",
      'value="ada@example.com"',
      "No real money",
    ]) {
      expect(page).toContain(words);
    }
    expect(page).toContain('href="http://shop.test/"');
    const paid = await post(pageOf(standIn, session), {
      act: "pay",
      email: "ada@example.com",
      method: "card",
    });
    expect(paid.status).toBe(303);
    expect(paid.headers.get("location")).toBe(`http://shop.test/return?session_id=${session.id}`);
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("paid");
    const again = await post(pageOf(standIn, session), {
      act: "pay",
      email: "ada@example.com",
      method: "card",
    });
    expect(await again.text()).toContain("Thank you");
    expect(standIn.dump().charges).toHaveLength(1);
  }));

test("a declined card is told on the page with 402 and what was typed stays", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    const fields = { act: "pay", email: "x@example.com", name: "<b>Eve</b>", method: "declined" };
    const declined = await post(pageOf(standIn, session), fields);
    expect(declined.status).toBe(402);
    const page = await declined.text();
    expect(page).toContain("Your card was declined.");
    expect(page).toContain('value="&lt;b&gt;Eve&lt;/b&gt;"');
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
  }));

test("a missing address and a wrong code are refused at their field", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe, { allow_promotion_codes: true });
    const nameless = await post(pageOf(standIn, session), { act: "pay", email: "", method: "card" });
    expect(nameless.status).toBe(400);
    expect(await nameless.text()).toMatch(/name="email"[^>]*aria-invalid="true"/);
    const wrong = await post(pageOf(standIn, session), { act: "apply", promotion_code: "NOPE" });
    expect(await wrong.text()).toMatch(/name="promotion_code"[^>]*aria-invalid="true"/);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
  }));

test("a code can be applied, removed and applied again before a free order is completed", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe, { allow_promotion_codes: true });
    const url = pageOf(standIn, session);
    const applied = await (await post(url, { act: "apply", promotion_code: "free" })).text();
    expect(applied).toContain("Complete order");
    expect(applied).not.toContain("Pay with");
    expect(await (await post(url, { act: "remove" })).text()).toContain("Pay $99.00");
    const done = await post(url, { act: "pay", email: "a@example.com", promotion_code: "FREE" });
    expect(done.status).toBe(303);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      payment_status: "no_payment_required",
      payment_intent: null,
    });
  }));

test("an expired and an unknown session have their own pages", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    const url = session.url ?? "";
    await stripe.checkout.sessions.expire(session.id);
    const expired = await fetch(url);
    expect(expired.status).toBe(410);
    expect(await expired.text()).toContain("This checkout has expired");
    expect((await fetch(`${standIn.url}/checkout/cs_test_none`)).status).toBe(404);
  }));

test("a payment link makes a sale nobody's order stands behind", () =>
  withStandIn({}, async (standIn, stripe) => {
    const price = await makePrice(stripe);
    const link = await stripe.paymentLinks.create({
      line_items: [{ price: price.id, quantity: 3 }],
      metadata: { slug: "sketchpad" },
    });
    const opened = await fetch(`${link.url}?prefilled_email=guest%40example.com`, { redirect: "manual" });
    expect(opened.status).toBe(303);
    const address = new URL(opened.headers.get("location") ?? "", link.url);
    const paid = await post(address.href, { act: "pay", email: "guest@example.com", method: "card" });
    expect(paid.headers.get("location")).toBe(address.href);
    expect(await (await fetch(address)).text()).toContain("Thank you");
    const { data } = await stripe.checkout.sessions.list({
      payment_link: link.id,
      expand: ["data.line_items"],
    });
    expect(data).toMatchObject([
      { payment_status: "paid", metadata: { slug: "sketchpad" }, client_reference_id: null, customer: null },
    ]);
    expect(data[0]?.line_items?.data[0]).toMatchObject({ quantity: 3, price: { id: price.id } });
    await stripe.paymentLinks.update(link.id, { active: false });
    expect((await fetch(link.url)).status).toBe(410);
    expect(standIn.sales()).toHaveLength(1);
  }));

test("every button of the control page does what it says, and the page shows it", () =>
  withReceiver((receiver) =>
    withStandIn({ deliver: "auto", endpoints: [{ url: receiver.url }] }, async (standIn, stripe) => {
      const press = async (name: string, fields: Record<string, string> = {}) => {
        const answer = await post(`${standIn.url}/control/${name}`, fields);
        expect(answer.status).toBe(303);
        return (await fetch(new URL(answer.headers.get("location") ?? "", standIn.url))).text();
      };
      expect(await press("hold")).toContain("Release deliveries");
      const session = await makeSession(stripe);
      standIn.pay(session.id, { method: "delayed_success" });
      const completed = standIn.events().at(-1)?.id ?? "";
      expect(await press("deliver", { event: completed, copies: "2", concurrently: "true" })).toContain(
        "200, 200",
      );
      expect(await press("drop", { event: standIn.events()[0]?.id ?? "" })).toContain("dropped");
      expect(await press("settle", { session: session.id, outcome: "succeeded" })).toContain(
        "complete, paid",
      );
      expect(await press("advance", { seconds: "3600" })).toContain("The clock reads");
      await press("delay", { seconds: "30" });
      await press("release");
      await standIn.idle();
      const before = receiver.received.length;
      const other = await makeSession(stripe);
      await press("expire", { session: other.id });
      await standIn.idle();
      expect(receiver.received).toHaveLength(before);
      await standIn.clock.advance(30_000);
      expect(receiver.received.length).toBeGreaterThan(before);
      expect(await press("faults", { count: "2", outcome: "500" })).toContain("Faults waiting: 2");
      expect(await press("clear-faults")).toContain("Faults waiting: 0");
      expect(
        (await post(`${standIn.url}/control/settle`, { session: other.id, outcome: "failed" })).status,
      ).toBe(400);
    }),
  ));

test("the same levers answer programs in JSON", () =>
  withStandIn({}, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    const call = (name: string, fields: unknown) =>
      fetch(`${standIn.url}/control/api/${name}`, { method: "POST", body: JSON.stringify(fields) });
    const paid = await call("pay", { session: session.id, method: "card", email: "a@example.com" });
    expect(await paid.json()).toEqual({ redirectTo: `http://shop.test/return?session_id=${session.id}` });
    const state: unknown = await (await fetch(`${standIn.url}/control/api/state`)).json();
    expect(state).toMatchObject({ sessions: [{ id: session.id, payment_status: "paid" }] });
    const wrong = await call("pay", { session: session.id });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toHaveProperty("error.message", "This session has already been completed.");
    expect((await call("nonsense", {})).status).toBe(404);
  }));

test("when asked to, the redirect waits for the webhook's answer", () =>
  withReceiver((receiver) =>
    withStandIn(
      { deliver: "auto", waitForDeliveries: true, endpoints: [{ url: receiver.url }] },
      async (standIn, stripe) => {
        const session = await makeSession(stripe);
        const paid = await post(pageOf(standIn, session), {
          act: "pay",
          email: "a@example.com",
          method: "card",
        });
        expect(paid.status).toBe(303);
        expect(receiver.received.map(({ body }): unknown => JSON.parse(body).type)).toContain(
          "checkout.session.completed",
        );
      },
    ),
  ));
