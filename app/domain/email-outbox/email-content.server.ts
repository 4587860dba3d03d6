import { parseEmailProps, type StoredEmailProps } from "#app/domain/email-outbox/email-props.server.ts";
import {
  licenseChanged,
  licenseEnding,
  licenseExpired,
  licenseReinstated,
  licenseRenewed,
  licenseResent,
  licenseSuspended,
} from "#app/domain/email-outbox/license-content.server.ts";
import { firstReason, type LoadedEmail, type LoadOptions } from "#app/domain/email-outbox/loaded-email.ts";
import {
  licenseIssued,
  paymentFailed,
  paymentPending,
  refunded,
} from "#app/domain/email-outbox/order-content.server.ts";
import {
  cancelScheduled,
  cancelUndone,
  paymentActionRequired,
  paymentRecovered,
  planChanged,
  renewalFailed,
  seatsChanged,
  trialEnding,
} from "#app/domain/email-outbox/subscription-content.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";
import { decrypt } from "#app/infra/secrets.server.ts";

type SignInCodeProps = Extract<StoredEmailProps, { kind: "sign-in-code" }>["props"];

/**
 * Reads what a mail says at `now` and whether that is still true. Keys and codes are in clear only with `reveal`, and
 * only in the mails that are there to bring them.
 * @throws ZodError when the row's props are not what its kind needs; Error when a key cannot be opened, or when the
 *   truth depends on a mail that is being sent at this moment.
 */
export async function loadEmailContent(row: Email, options: LoadOptions): Promise<LoadedEmail> {
  const stored = parseEmailProps(row);
  switch (stored.kind) {
    case "license-issued":
      return licenseIssued(stored.props, options);
    case "license-resent":
      return licenseResent(stored.props, options);
    case "payment-pending":
      return paymentPending(stored.props);
    case "payment-failed":
      return paymentFailed(stored.props);
    case "sign-in-code":
      return signInCode(row, stored.props, options);
    case "license-changed":
      return licenseChanged(stored.props, options);
    case "license-ending":
      return licenseEnding(stored.props, options);
    case "license-expired":
      return licenseExpired(stored.props, options);
    case "license-renewed":
      return licenseRenewed(stored.props, options);
    case "license-suspended":
      return licenseSuspended(stored.props, options);
    case "license-reinstated":
      return licenseReinstated(stored.props, options);
    case "trial-ending":
      return trialEnding(stored.props, options);
    case "renewal-failed":
      return renewalFailed(row, stored.props, options);
    case "payment-action-required":
      return paymentActionRequired(stored.props, options);
    case "payment-recovered":
      return paymentRecovered(row, stored.props, options);
    case "cancel-scheduled":
      return cancelScheduled(stored.props, options);
    case "cancel-undone":
      return cancelUndone(stored.props, options);
    case "seats-changed":
      return seatsChanged(stored.props, options);
    case "plan-changed":
      return planChanged(row, stored.props, options);
    case "refunded":
      return refunded(stored.props, options);
  }
}

function signInCode(row: Email, props: SignInCodeProps, options: LoadOptions): LoadedEmail {
  const expired = new Date(props.expiresAt) <= options.now;
  const open = options.reveal && row.secret !== null && !expired;
  const code = open && row.secret ? decrypt("email-secret", row.secret, row.id) : null;
  return {
    content: { kind: "sign-in-code", code },
    noLongerTrue: firstReason(expired && "The code expired.", row.secret === null && "The code was erased."),
  };
}
