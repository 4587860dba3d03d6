-- AlterTable
ALTER TABLE "license" ADD COLUMN     "grace_until" TIMESTAMPTZ(3),
ADD COLUMN     "seats" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "sold_until" TIMESTAMPTZ(3);
-- AlterTable
ALTER TABLE "order" ADD COLUMN     "renews_license_id" TEXT,
ADD COLUMN     "stripe_subscription_id" TEXT;
-- AlterTable
ALTER TABLE "price" ADD COLUMN     "livemode" BOOLEAN;
-- AlterTable
ALTER TABLE "stripe_customer" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "email" TEXT,
ADD COLUMN     "name" TEXT;
-- AlterTable
ALTER TABLE "stripe_payment" ADD COLUMN     "flagged_at" TIMESTAMPTZ(3),
ADD COLUMN     "invoice_id" TEXT;
-- AlterTable
ALTER TABLE "stripe_source" ADD COLUMN     "stripe_customer_id" TEXT;
-- CreateTable
CREATE TABLE "license_renewal" (
    "id" TEXT NOT NULL,
    "license_id" TEXT NOT NULL,
    "source_id" TEXT NOT NULL,
    "days" INTEGER NOT NULL,
    "paid_at" TIMESTAMPTZ(3) NOT NULL,
    "reversed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "license_renewal_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "setting" (
    "name" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "setting_pkey" PRIMARY KEY ("name")
);
-- CreateIndex
CREATE UNIQUE INDEX "license_renewal_source_id_key" ON "license_renewal"("source_id");
-- CreateIndex
CREATE INDEX "license_renewal_license_id_idx" ON "license_renewal"("license_id");
-- CreateIndex
CREATE UNIQUE INDEX "order_stripe_subscription_id_key" ON "order"("stripe_subscription_id");
-- CreateIndex
CREATE INDEX "order_renews_license_id_idx" ON "order"("renews_license_id");
-- CreateIndex
CREATE INDEX "stripe_source_stripe_customer_id_idx" ON "stripe_source"("stripe_customer_id");
-- CreateIndex
CREATE INDEX "stripe_source_kind_created_at_id_idx" ON "stripe_source"("kind", "created_at" DESC, "id" DESC);
-- AddForeignKey
ALTER TABLE "order" ADD CONSTRAINT "order_renews_license_id_fkey" FOREIGN KEY ("renews_license_id") REFERENCES "license"("id") ON DELETE SET NULL ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "license_renewal" ADD CONSTRAINT "license_renewal_license_id_fkey" FOREIGN KEY ("license_id") REFERENCES "license"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Until now the grace of a subscription was counted from its days; from here on its end is a fact of the license.
UPDATE "license" SET "grace_until" = "paid_until" + make_interval(hours => "grace_days" * 24)
  WHERE "term" = 'subscription' AND "paid_until" IS NOT NULL;


-- The list of subscriptions by what Stripe says of them; the status lies in what was fetched last.
CREATE INDEX "stripe_source_subscription_status" ON "stripe_source" (("snapshot" ->> 'status'), "created_at" DESC, "id" DESC)
  WHERE "kind" = 'subscription';

-- Updates of perpetual licenses that end: their owners are told before.
CREATE INDEX "license_updates_end" ON "license" ("updates_until", "id")
  WHERE "updates_until" IS NOT NULL AND "paid_until" IS NULL AND "extended_until" IS NULL;

-- Ends that were over before this version came are not told of.
INSERT INTO "sweep_cursor" ("name", "value")
  VALUES ('license-expired-since', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
