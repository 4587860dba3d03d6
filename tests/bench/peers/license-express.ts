import { createHmac, randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import express from "express";
import { PrismaClient } from "#app/infra/prisma-client/client.ts";
import { deriveLookup } from "#tests/bench/peers/license-lookup.ts";

// The route most people write: express.json, one look-up by a unique index through Prisma, a small answer; for a
// device a transaction that locks, counts and inserts. No limits, no holds, no forgiveness for typing, no record of who did what.
const lookup = deriveLookup();
const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL ?? "", max: 20 }),
});
const app = express();
app.use(express.json());

const isGood = (license: { revokedAt: Date | null; paidUntil: Date | null }) =>
  license.revokedAt === null && (license.paidUntil === null || license.paidUntil > new Date());

app.post("/validate", (request, response, next) => {
  prisma.license
    .findUnique({ where: { keyHmac: lookup(String(request.body.key)) } })
    .then((license) => {
      if (!license) response.status(404).json({ valid: false });
      else response.json({ valid: isGood(license), status: "active", expiresAt: license.paidUntil });
    })
    .catch(next);
});

app.post("/activate", (request, response, next) => {
  const fingerprintHmac = createHmac("sha256", "fingerprints")
    .update(String(request.body.fingerprint))
    .digest("hex");
  prisma
    .$transaction(async (tx) => {
      const license = await tx.license.findUnique({ where: { keyHmac: lookup(String(request.body.key)) } });
      if (!license || !isGood(license)) return null;
      await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${license.id} FOR UPDATE`;
      const used = await tx.activation.count({ where: { licenseId: license.id, releasedAt: null } });
      if (license.deviceLimit !== null && used >= license.deviceLimit) return null;
      const now = new Date();
      return tx.activation.create({
        data: {
          id: `act_${randomUUID()}`,
          licenseId: license.id,
          fingerprintHmac,
          fingerprintCiphertext: Buffer.from(String(request.body.fingerprint)),
          name: String(request.body.name),
          firstSeenAt: now,
          lastSeenAt: now,
        },
      });
    })
    .then((activation) => response.json({ valid: activation !== null, device: activation?.id ?? null }))
    .catch(next);
});

app.listen(Number(process.env.PORT), "127.0.0.1");
