import type { ReactElement } from "react";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { CancelScheduledEmail, CancelUndoneEmail } from "#app/emails/cancellation.tsx";
import type { Site } from "#app/emails/layout.tsx";
import { LicenseChangedEmail } from "#app/emails/license-changed.tsx";
import { LicenseEndingEmail } from "#app/emails/license-ending.tsx";
import { LicenseExpiredEmail } from "#app/emails/license-expired.tsx";
import { LicenseIssuedEmail } from "#app/emails/license-issued.tsx";
import { LicenseReinstatedEmail } from "#app/emails/license-reinstated.tsx";
import { LicenseRenewedEmail } from "#app/emails/license-renewed.tsx";
import { LicenseResentEmail } from "#app/emails/license-resent.tsx";
import { LicenseSuspendedEmail } from "#app/emails/license-suspended.tsx";
import { PaymentActionRequiredEmail } from "#app/emails/payment-action-required.tsx";
import { PaymentFailedEmail } from "#app/emails/payment-failed.tsx";
import { PaymentPendingEmail } from "#app/emails/payment-pending.tsx";
import { PaymentRecoveredEmail } from "#app/emails/payment-recovered.tsx";
import { RefundedEmail } from "#app/emails/refunded.tsx";
import { RenewalFailedEmail } from "#app/emails/renewal-failed.tsx";
import { SignInCodeEmail } from "#app/emails/sign-in-code.tsx";
import { PlanChangedEmail, SeatsChangedEmail } from "#app/emails/subscription-changed.tsx";
import { TrialEndingEmail } from "#app/emails/trial-ending.tsx";

/** The picture of every kind of mail. */
export function emailTemplate(content: EmailContent, site: Site): ReactElement {
  switch (content.kind) {
    case "license-issued":
      return <LicenseIssuedEmail content={content} site={site} />;
    case "license-resent":
      return <LicenseResentEmail content={content} site={site} />;
    case "payment-pending":
      return <PaymentPendingEmail content={content} site={site} />;
    case "payment-failed":
      return <PaymentFailedEmail content={content} site={site} />;
    case "sign-in-code":
      return <SignInCodeEmail content={content} site={site} />;
    case "license-changed":
      return <LicenseChangedEmail content={content} site={site} />;
    case "license-ending":
      return <LicenseEndingEmail content={content} site={site} />;
    case "license-expired":
      return <LicenseExpiredEmail content={content} site={site} />;
    case "license-renewed":
      return <LicenseRenewedEmail content={content} site={site} />;
    case "license-suspended":
      return <LicenseSuspendedEmail content={content} site={site} />;
    case "license-reinstated":
      return <LicenseReinstatedEmail content={content} site={site} />;
    case "trial-ending":
      return <TrialEndingEmail content={content} site={site} />;
    case "renewal-failed":
      return <RenewalFailedEmail content={content} site={site} />;
    case "payment-action-required":
      return <PaymentActionRequiredEmail content={content} site={site} />;
    case "payment-recovered":
      return <PaymentRecoveredEmail content={content} site={site} />;
    case "cancel-scheduled":
      return <CancelScheduledEmail content={content} site={site} />;
    case "cancel-undone":
      return <CancelUndoneEmail content={content} site={site} />;
    case "seats-changed":
      return <SeatsChangedEmail content={content} site={site} />;
    case "plan-changed":
      return <PlanChangedEmail content={content} site={site} />;
    case "refunded":
      return <RefundedEmail content={content} site={site} />;
  }
}
