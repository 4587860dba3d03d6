import { redirect } from "@remix-run/node";
import { releaseOwnDevice } from "#app/domain/activation/release-own-device.server.ts";
import { openBillingPortal } from "#app/domain/checkout/open-billing-portal.server.ts";
import { startRenewal } from "#app/domain/checkout/start-renewal.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { resendLicenseToOwner } from "#app/domain/license/license.server.ts";
import { keepBrowserNonce } from "#app/http/checkout-cookie.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse } from "#app/http/forms.server.ts";
import type { SignedInCustomer } from "#app/http/guards.server.ts";
import { consume, waitWords } from "#app/http/rate-limit.server.ts";
import { paths } from "#app/paths.ts";
import type { PortalLicenseFields } from "./license-forms.server.ts";

export type LicenseRequest = {
  licenseId: string;
  customer: SignedInCustomer;
  now: Date;
  requestId: string;
};

/**
 * Carries out what an owner asked for on the page of a license: back to the page, or on to a page of Stripe's.
 * A refusal of the domain comes back as the form with its words; any other error is thrown.
 */
export async function actOnLicense(
  request: Request,
  asked: LicenseRequest,
  posted: { value: PortalLicenseFields; form: FormData },
) {
  const { licenseId, customer, now, requestId } = asked;
  const { browserNonce, setCookie } = keepBrowserNonce(request);
  const about = { licenseId, customerId: customer.id, now };
  try {
    switch (posted.value.intent) {
      case "resend": {
        const { submission } = posted.value;
        const { message } = await resendLicenseToOwner({
          ...about,
          actor: customer.actor,
          submission,
          requestId,
        });
        return await redirectWithFlash(paths.portal.license(licenseId), message);
      }
      case "release-device": {
        const { activationId } = posted.value;
        const { actor } = customer;
        const { message } = await releaseOwnDevice({ ...about, activationId, actor, requestId });
        return await redirectWithFlash(paths.portal.license(licenseId), message);
      }
      case "billing": {
        await takeTurn(asked);
        const { redirectTo } = await openBillingPortal({ ...about, flow: posted.value.flow });
        return redirect(redirectTo, 303);
      }
      case "renew": {
        await takeTurn(asked);
        const { redirectTo } = await startRenewal({ ...about, browserNonce });
        return redirect(redirectTo, { status: 303, headers: { "Set-Cookie": setCookie } });
      }
    }
  } catch (error) {
    const answer = formErrorResponse(error, posted.form);
    // Trying again goes on with the same order, by the browser that made it.
    if (posted.value.intent === "renew") answer.headers.append("Set-Cookie", setCookie);
    return answer;
  }
}

/** Each asks Stripe for a new page. */
async function takeTurn({ customer }: LicenseRequest): Promise<void> {
  const { allowed, retryAfterSeconds } = await consume("payment-page-by-customer", customer.id);
  if (allowed) return;
  throw new DomainError(
    "RATE_LIMITED",
    `You opened too many payment pages. Try again in ${waitWords(retryAfterSeconds)}.`,
    { context: { retryAfterSeconds } },
  );
}
