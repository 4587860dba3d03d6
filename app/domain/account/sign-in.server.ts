import { randomBytes, timingSafeEqual } from "node:crypto";
import {
  closedFlow,
  normalizeSignInCode,
  type SignInRefusal,
  signInCodeFromBytes,
  signInCodeLength,
  signInCodeTries,
  signInCodeTtlSeconds,
} from "#app/domain/account/sign-in.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import { db, inTransaction, type Tx } from "#app/infra/db.server.ts";
import { hmac, randomToken, sha256Hex } from "#app/infra/secrets.server.ts";
import { createCustomerSession, type NewSession } from "#app/infra/session-store.server.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

/**
 * Owes the address a mail with a code and binds the code to the flow whose token it returns: the token goes
 * into the asking browser's cookie. Does exactly the same for every address, known or not, and mail is sent by
 * the worker, so neither the answer nor its time tells whether the shop knows it. `existingFlowToken` (the
 * browser asks again) closes the flow before.
 */
export async function requestCode(request: {
  email: string;
  redirectTo: string;
  existingFlowToken: string | null;
  now: Date;
}): Promise<{ flowToken: string }> {
  const { email, redirectTo, existingFlowToken, now } = request;
  const flowToken = randomToken();
  const id = sha256Hex(flowToken);
  const code = signInCodeFromBytes(randomBytes(signInCodeLength));
  const expiresAt = new Date(now.getTime() + signInCodeTtlSeconds * 1000);
  await inTransactionThenWake(async (tx) => {
    if (existingFlowToken) await tx.signInFlow.deleteMany({ where: { id: sha256Hex(existingFlowToken) } });
    await tx.signInFlow.create({
      data: {
        id,
        email,
        redirectTo,
        codeHmac: codeHmac(id, code).toString("hex"),
        expiresAt,
        createdAt: now,
      },
    });
    await queueEmail(tx, {
      now,
      kind: "sign-in-code",
      causeKey: id,
      recipient: email,
      props: { expiresAt: expiresAt.toISOString() },
      secret: code,
    });
  });
  return { flowToken };
}

export type SignInFlow = { email: string; redirectTo: string; createdAt: Date; closed: SignInRefusal | null };

/** What this browser asked for, or null when it asked for nothing we still know. Changes nothing. */
export async function getSignInFlow(flowToken: string | null, now: Date): Promise<SignInFlow | null> {
  if (!flowToken) return null;
  const flow = await db().signInFlow.findUnique({ where: { id: sha256Hex(flowToken) } });
  if (!flow) return null;
  const { email, redirectTo, createdAt } = flow;
  return { email, redirectTo, createdAt, closed: closedFlow(flow, now) };
}

export type SignedIn = {
  outcome: "signed-in";
  customerId: string;
  email: string;
  redirectTo: string;
  session: NewSession;
};

/**
 * Opens a session for the right code, in the browser that asked, once. Every try is counted before it is
 * compared; the flow's row stays locked until the end, so of any number of submits at once one signs in.
 * Somebody who never bought anything becomes a customer here: that their mailbox took the code proves the address.
 */
export async function submitCode(submit: {
  flowToken: string | null;
  code: string;
  /** The session token this browser holds already; it ends. */
  previousToken: string | null;
  userAgent: string | null;
  requestId: string | null;
  now: Date;
}): Promise<SignedIn | SignInRefusal> {
  const { flowToken, now } = submit;
  if (!flowToken) return { outcome: "no-flow" };
  const code = normalizeSignInCode(submit.code);
  if (code === null) return { outcome: "malformed" };
  const flowId = sha256Hex(flowToken);
  return inTransaction(async (tx) => {
    const flow = await countTry(tx, flowId, now);
    if (!flow) {
      const closed = await tx.signInFlow.findUnique({ where: { id: flowId } });
      return (closed && closedFlow(closed, now)) ?? { outcome: "no-flow" };
    }
    if (!timingSafeEqual(codeHmac(flowId, code), Buffer.from(flow.codeHmac, "hex")))
      return { outcome: "wrong", triesLeft: signInCodeTries - flow.attempts };
    await tx.signInFlow.update({ where: { id: flowId }, data: { usedAt: now } });
    const customerId = await signInCustomer(tx, flow.email, submit);
    const session = await createCustomerSession(tx, { ...submit, customerId });
    return { outcome: "signed-in", customerId, email: flow.email, redirectTo: flow.redirectTo, session };
  });
}

/** Null when the flow takes no more codes. The row is locked until the transaction ends. */
async function countTry(tx: Tx, id: string, now: Date) {
  const [flow] = await tx.signInFlow.updateManyAndReturn({
    where: { id, usedAt: null, attempts: { lt: signInCodeTries }, expiresAt: { gt: now } },
    data: { attempts: { increment: 1 } },
  });
  return flow ?? null;
}

/** The customer of a proven address, made when there is none yet. */
async function signInCustomer(
  tx: Tx,
  email: string,
  { now, requestId }: { now: Date; requestId: string | null },
): Promise<string> {
  const { count } = await tx.customer.createMany({
    data: [{ id: newId("cust", now), email, createdAt: now }],
    skipDuplicates: true,
  });
  const { id } = await tx.customer.findUniqueOrThrow({ where: { email } });
  const entry = {
    now,
    actor: { type: "customer", id, label: email },
    target: { type: "customer", id },
    customerId: id,
    requestId,
  } as const;
  if (count === 1) await recordAudit(tx, { ...entry, event: "customer.created", cause: "sign-in" });
  await recordAudit(tx, { ...entry, event: "customer.signed-in" });
  return id;
}

/**
 * Forty bits are found in seconds when only hashed, so they are keyed with a secret that is not in the
 * database; the flow id in the message makes a code worthless in any other browser.
 */
function codeHmac(flowId: string, code: string): Buffer {
  return hmac("sign-in-code", flowId + code);
}
