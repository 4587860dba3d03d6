import { ZodError } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { actions } from "#tests/stripe-stand-in/control/actions.ts";
import { dump } from "#tests/stripe-stand-in/oracle.ts";
import { decodeForm } from "#tests/stripe-stand-in/request-body.ts";
import { showPortal, submitPortal } from "./billing-portal-page.ts";
import { showCheckout, submitCheckout } from "./checkout-page.ts";
import { controlPage } from "./control-page.ts";
import { showInvoice, submitInvoice } from "./invoice-page.ts";
import { jsonAnswer, notFoundPage, type PageAnswer, seeOther } from "./layout.ts";
import { openPaymentLink } from "./payment-link-page.ts";

export type PageRequest = { method: string; path: string; query: string; body: string };

/** Everything that is not Stripe's API: the checkout, payment links and the control page with its JSON twin. */
export async function answerPage(standIn: StandIn, request: PageRequest): Promise<PageAnswer> {
  const [, area = "", name = "", detail = ""] = request.path.split("/");
  const query = new URLSearchParams(request.query);
  if (area === "") return seeOther("/control");
  if (area === "checkout" && detail === "") {
    if (request.method === "POST") return submitCheckout(standIn, name, decodeForm(request.body));
    return showCheckout(standIn, name);
  }
  if (area === "billing-portal" && detail === "") {
    if (request.method === "POST") return submitPortal(standIn, name, decodeForm(request.body));
    return showPortal(standIn, name, query.get("done"));
  }
  if (area === "invoice" && detail === "") {
    if (request.method === "POST") return submitInvoice(standIn, name, decodeForm(request.body));
    return showInvoice(standIn, name);
  }
  if (area === "pay" && detail === "") return openPaymentLink(standIn, name, query);
  if (area !== "control") return notFoundPage();
  if (name === "api") return controlApi(standIn, request, detail);
  if (request.method === "POST") return controlForm(standIn, name, request.body);
  return name === "" ? controlPage(standIn, query.get("done")) : notFoundPage();
}

async function controlForm(standIn: StandIn, name: string, body: string): Promise<PageAnswer> {
  const run = actions[name];
  if (run === undefined) return notFoundPage();
  try {
    const { message } = await run(standIn, decodeForm(body));
    return seeOther(`/control?${new URLSearchParams({ done: message })}`);
  } catch (error) {
    return controlPage(standIn, `That did not work: ${reasonOf(error)}`, 400);
  }
}

async function controlApi(standIn: StandIn, request: PageRequest, name: string): Promise<PageAnswer> {
  if (request.method === "GET") {
    if (name === "state") return jsonAnswer(dump(standIn));
    if (name === "requests") return jsonAnswer(standIn.requestLog.all());
    return jsonAnswer({ error: { message: `There is no ${name} to read: state, requests` } }, 404);
  }
  const run = actions[name];
  if (run === undefined) {
    return jsonAnswer(
      { error: { message: `There is no action ${name}: ${Object.keys(actions).join(", ")}` } },
      404,
    );
  }
  try {
    return jsonAnswer((await run(standIn, fieldsOf(request.body))).result);
  } catch (error) {
    return jsonAnswer({ error: { message: reasonOf(error) } }, 400);
  }
}

function fieldsOf(body: string): unknown {
  return body.trimStart().startsWith("{") ? JSON.parse(body) : decodeForm(body);
}

function reasonOf(error: unknown): string {
  if (error instanceof ZodError) {
    return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}
