import type { EmailContent, LicenseInEmail } from "#app/domain/email-outbox/email-content.ts";
import { parseEmailProps, type StoredEmailProps } from "#app/domain/email-outbox/email-props.server.ts";
import { assessLicense, validUntil } from "#app/domain/license/assess-license.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { db } from "#app/infra/db.server.ts";
import type { Email, Prisma } from "#app/infra/prisma-client/client.ts";
import { decrypt } from "#app/infra/secrets.server.ts";

export type LoadedEmail = {
  /** null when what the mail is about is gone. */
  content: EmailContent | null;
  /** Why the mail must not be sent (any more); null = it is true now. */
  noLongerTrue: string | null;
};

type Options = { reveal: boolean; now: Date };
type PropsOf<K extends StoredEmailProps["kind"]> = Extract<StoredEmailProps, { kind: K }>["props"];

/**
 * Reads what a mail says at `now` and whether that is still true. Keys and codes are in clear only with `reveal`.
 * @throws ZodError when the row's props are not what its kind needs; Error when a key cannot be opened.
 */
export async function loadEmailContent(row: Email, options: Options): Promise<LoadedEmail> {
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
  }
}

const gone = (what: string): LoadedEmail => ({
  content: null,
  noLongerTrue: `The ${what} no longer exists.`,
});

async function licenseIssued(props: PropsOf<"license-issued">, options: Options): Promise<LoadedEmail> {
  const order = await db().order.findUnique({
    where: { id: props.orderId },
    include: {
      licenses: {
        include: licenseParts,
        orderBy: [{ sourceId: "asc" }, { itemKey: "asc" }, { ordinal: "asc" }],
      },
    },
  });
  if (!order) return gone("order");
  if (order.licenses.length === 0) return gone("license");
  const good = order.licenses.filter((license) => !license.revokedAt);
  const shown = good.length > 0 ? good : order.licenses;
  const licenses = shown.map((license) => licenseInEmail(license, options));
  return {
    content: { kind: "license-issued", orderNumber: order.number, licenses },
    noLongerTrue: good.length > 0 ? null : "Every license of the order was revoked.",
  };
}

async function licenseResent(props: PropsOf<"license-resent">, options: Options): Promise<LoadedEmail> {
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

async function paymentPending(props: PropsOf<"payment-pending">): Promise<LoadedEmail> {
  const order = await findOrderWithNames(props.orderId);
  if (!order) return gone("order");
  const status = orderStatus(order);
  return {
    content: { kind: "payment-pending", orderNumber: order.number, productNames: order.productNames },
    noLongerTrue:
      status === "awaiting-payment" && !order.fulfilledAt ? null : "The payment is no longer pending.",
  };
}

async function paymentFailed(props: PropsOf<"payment-failed">): Promise<LoadedEmail> {
  const order = await findOrderWithNames(props.orderId);
  if (!order) return gone("order");
  return {
    content: { kind: "payment-failed", orderNumber: order.number, productNames: order.productNames },
    noLongerTrue: orderStatus(order) === "payment-failed" ? null : "The order was paid after all.",
  };
}

function signInCode(row: Email, props: PropsOf<"sign-in-code">, options: Options): LoadedEmail {
  const expired = new Date(props.expiresAt) <= options.now;
  const open = options.reveal && row.secret !== null && !expired;
  const code = open && row.secret ? decrypt("email-secret", row.secret, row.id) : null;
  const noLongerTrue = expired ? "The code expired." : row.secret === null ? "The code was erased." : null;
  return { content: { kind: "sign-in-code", code }, noLongerTrue };
}

async function licenseChanged(props: PropsOf<"license-changed">, options: Options): Promise<LoadedEmail> {
  const license = await findLicense(props.licenseId);
  if (!license) return gone("license");
  const { code } = assess(license, options.now);
  const untrue = {
    // Later extensions are told with their own date, so every mail that goes out names the end that counts.
    extended: code === "REVOKED" ? "The license was revoked." : null,
    suspended: code === "SUSPENDED" ? null : "The license is no longer suspended.",
    reinstated: code === "REVOKED" || code === "SUSPENDED" ? "The license is not usable any more." : null,
    revoked: code === "REVOKED" ? null : "The license is not revoked.",
  };
  return {
    content: {
      kind: "license-changed",
      change: props.change,
      orderNumber: license.order?.number ?? null,
      note: props.note?.trim() || null,
      // The person knows the key; a notice about the license need not carry it.
      license: licenseInEmail(license, { ...options, reveal: false }),
    },
    noLongerTrue: untrue[props.change],
  };
}

const licenseParts = { product: true, policy: true, holds: true } satisfies Prisma.LicenseInclude;
type LicenseRow = Prisma.LicenseGetPayload<{ include: typeof licenseParts }>;

function findLicense(licenseId: string) {
  return db().license.findUnique({ where: { id: licenseId }, include: { ...licenseParts, order: true } });
}

async function findOrderWithNames(orderId: string) {
  const order = await db().order.findUnique({
    where: { id: orderId },
    include: { lines: { include: { policy: { include: { product: true } } }, orderBy: { id: "asc" } } },
  });
  if (!order) return null;
  const names = order.lines.flatMap((line) => (line.policy ? [line.policy.product.name] : []));
  return { ...order, productNames: names.length > 0 ? names : ["Your order"] };
}

const standings = {
  VALID: "good",
  GRACE: "good",
  EXPIRED: "ended",
  SUSPENDED: "suspended",
  REVOKED: "revoked",
} as const;

function licenseInEmail(license: LicenseRow, options: Options): LicenseInEmail {
  return {
    id: license.id,
    productName: license.product.name,
    policyName: license.policy.name,
    key: options.reveal ? readKey(license) : maskKey(license.keyPrefix, license.keyLastGroup),
    deviceLimit: license.deviceLimit,
    validUntil: validUntil(license),
    term: license.term,
    updatesUntil: license.updatesUntil,
    standing: standings[assess(license, options.now).code],
  };
}

function assess(license: LicenseRow, now: Date) {
  return assessLicense({ ...license, holds: license.holds.map((hold) => hold.cause) }, now);
}
