import type { EmailProps } from "#app/domain/email-outbox/email.ts";
import { holdKindOf } from "#app/domain/email-outbox/email-content.ts";
import { comingEnd, dayOf, dueStage } from "#app/domain/email-outbox/end-reminders.ts";
import {
  findLicenses,
  type LicenseRow,
  licenseInEmail,
  licenseParts,
  standingOf,
  withoutKeys,
} from "#app/domain/email-outbox/license-in-email.server.ts";
import {
  firstReason,
  gone,
  type LoadedEmail,
  type LoadOptions,
} from "#app/domain/email-outbox/loaded-email.ts";
import {
  findSubscription,
  invoiceInEmail,
  recurringPrice,
} from "#app/domain/email-outbox/subscription-in-email.server.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import { failingInvoice } from "#app/domain/subscription/subscription.ts";
import { db } from "#app/infra/db.server.ts";

export async function licenseResent(
  props: EmailProps["license-resent"],
  options: LoadOptions,
): Promise<LoadedEmail> {
  const license = await findLicense(props.licenseId);
  if (!license) return gone("license");
  return {
    content: {
      kind: "license-resent",
      orderNumber: license.order?.number ?? null,
      license: licenseInEmail(license, options),
    },
    noLongerTrue: license.revokedAt ? "The license was revoked." : null,
  };
}

export async function licenseChanged(
  props: EmailProps["license-changed"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const license = await findLicense(props.licenseId);
  if (!license) return gone("license");
  const standing = standingOf(license, now);
  const untrue = {
    // Later extensions are told with their own date, so every mail that goes out names the end that counts.
    extended: standing === "revoked" ? "The license was revoked." : null,
    suspended: standing === "suspended" ? null : "The license is no longer suspended.",
    reinstated:
      standing === "revoked" || standing === "suspended" ? "The license is not usable any more." : null,
    revoked: standing === "revoked" ? null : "The license is not revoked.",
  };
  return {
    content: {
      kind: "license-changed",
      change: props.change,
      orderNumber: license.order?.number ?? null,
      note: props.note?.trim() || null,
      // The person knows the key; a notice about the license need not carry it.
      license: licenseInEmail(license, { reveal: false, now }),
    },
    noLongerTrue: untrue[props.change],
  };
}

/** Only licenses that still end at that instant, and only while no nearer reminder takes its place. */
export async function licenseEnding(
  props: EmailProps["license-ending"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const licenses = await findLicenses(props.licenseIds);
  const subscription = await subscriptionOf(licenses);
  const end = new Date(props.end);
  const about = licenses.map((license) => ({ license, coming: comingEnd(license, subscription) }));
  const affected = about.filter(
    ({ license, coming }) => coming?.end.getTime() === end.getTime() && standingOf(license, now) === "good",
  );
  const [first] = affected.length > 0 ? affected : about;
  if (!first) return gone("license");
  const stage = first.coming && dueStage(first.coming, now);
  const shown = (affected.length > 0 ? affected : about).map(({ license }) => license);
  const ending = first.coming?.ending ?? "dated";
  return {
    content: {
      kind: "license-ending",
      ending,
      end,
      daysLeft: dayOf(end) - dayOf(now),
      licenses: withoutKeys(shown, now),
      price: ending === "renews" && subscription ? recurringPrice(subscription) : null,
    },
    noLongerTrue: firstReason(
      affected.length === 0 && "The license no longer ends then, or does not work any more.",
      end <= now && "The end is over.",
      stage !== props.daysLeft && "A later reminder takes the place of this one.",
    ),
  };
}

export async function licenseExpired(
  props: EmailProps["license-expired"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const licenses = await findLicenses(props.licenseIds);
  if (licenses.length === 0) return gone("license");
  const end = new Date(props.end);
  const over = licenses.filter(
    (license) => standingOf(license, now) === "ended" && validUntil(license)?.getTime() === end.getTime(),
  );
  const shown = over.length > 0 ? over : licenses;
  return {
    content: {
      kind: "license-expired",
      end,
      isSubscription: shown.some((license) => license.term === "subscription"),
      licenses: withoutKeys(shown, now),
    },
    noLongerTrue: over.length > 0 ? null : "The license works again, or ended in another way.",
  };
}

export async function licenseRenewed(
  props: EmailProps["license-renewed"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const license = await findLicense(props.licenseId);
  if (!license) return gone("license");
  const order = await db().order.findUnique({ where: { id: props.orderId } });
  if (!order) return gone("order");
  const renewal = order.stripeSessionId
    ? await db().licenseRenewal.findUnique({ where: { sourceId: order.stripeSessionId } })
    : null;
  return {
    content: {
      kind: "license-renewed",
      orderNumber: order.number,
      license: licenseInEmail(license, { reveal: false, now }),
    },
    noLongerTrue: firstReason(
      standingOf(license, now) !== "good" && "The license does not work any more.",
      renewal !== null && renewal.reversedAt !== null && "The payment for the renewal was taken back.",
    ),
  };
}

export async function licenseSuspended(
  props: EmailProps["license-suspended"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const licenses = await findLicenses(props.licenseIds);
  if (licenses.length === 0) return gone("license");
  const held = licenses.filter((license) => !license.revokedAt && holdOf(license, props.cause));
  const shown = held.length > 0 ? held : licenses;
  const reason = held.map((license) => holdOf(license, props.cause)?.reason ?? "")[0] ?? "";
  const subscription = await subscriptionOf(shown);
  const owed = subscription && failingInvoice(subscription);
  return {
    content: {
      kind: "license-suspended",
      hold: holdKindOf(props.cause),
      reason,
      licenses: withoutKeys(shown, now),
      invoiceUrl: owed ? invoiceInEmail(owed, now).url : null,
    },
    noLongerTrue: held.length > 0 ? null : "What suspended the license is over.",
  };
}

export async function licenseReinstated(
  props: EmailProps["license-reinstated"],
  { now }: LoadOptions,
): Promise<LoadedEmail> {
  const licenses = await findLicenses(props.licenseIds);
  if (licenses.length === 0) return gone("license");
  const working = licenses.filter((license) => standingOf(license, now) === "good");
  return {
    content: {
      kind: "license-reinstated",
      hold: holdKindOf(props.cause),
      licenses: withoutKeys(working.length > 0 ? working : licenses, now),
    },
    noLongerTrue: working.length > 0 ? null : "The license does not work at present.",
  };
}

function findLicense(licenseId: string) {
  return db().license.findUnique({ where: { id: licenseId }, include: { ...licenseParts, order: true } });
}

/** Licenses of one mail are of one purchase. */
async function subscriptionOf(licenses: readonly LicenseRow[]) {
  const sourceId = licenses.find((license) => license.sourceId?.startsWith("sub_"))?.sourceId;
  return sourceId ? findSubscription(sourceId) : null;
}

function holdOf(license: LicenseRow, cause: string) {
  return license.holds.find((hold) => hold.cause === cause) ?? null;
}
