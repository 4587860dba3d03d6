-- DropIndex
DROP INDEX "activation_license_id_idx";
-- AlterTable
ALTER TABLE "activation" ADD COLUMN     "fingerprint_ciphertext" BYTEA NOT NULL,
ADD COLUMN     "hostname" TEXT,
ADD COLUMN     "lease_until" TIMESTAMPTZ(3),
ADD COLUMN     "metadata" JSONB NOT NULL DEFAULT '{}';
-- AlterTable
ALTER TABLE "customer" ADD COLUMN     "number" SERIAL NOT NULL;
-- AlterTable
ALTER TABLE "license" ADD COLUMN     "lease_seconds" INTEGER,
ADD COLUMN     "metadata" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "number" SERIAL NOT NULL,
ALTER COLUMN "customer_id" DROP NOT NULL;
-- AlterTable
ALTER TABLE "order_line" ADD COLUMN     "number" SERIAL NOT NULL;
-- AlterTable
ALTER TABLE "policy" ADD COLUMN     "lease_seconds" INTEGER,
ADD COLUMN     "number" SERIAL NOT NULL,
ADD COLUMN     "offline_hours" INTEGER DEFAULT 720,
ADD COLUMN     "release_cooldown_hours" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "release_limit" INTEGER DEFAULT 3,
ADD COLUMN     "release_window_days" INTEGER NOT NULL DEFAULT 30;
-- AlterTable
ALTER TABLE "product" ADD COLUMN     "number" SERIAL NOT NULL;
-- CreateTable
CREATE TABLE "superseded_key" (
    "key_hmac" TEXT NOT NULL,
    "license_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "superseded_key_pkey" PRIMARY KEY ("key_hmac")
);
-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_by" TEXT NOT NULL,
    "rotated_from_id" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "idempotency_record" (
    "id" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "answer" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("id")
);
-- CreateTable
CREATE TABLE "signing_key" (
    "generation" INTEGER NOT NULL,
    "key_id" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "retired_at" TIMESTAMPTZ(3),
    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("generation")
);
-- CreateTable
CREATE TABLE "call_count" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "resets_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "call_count_pkey" PRIMARY KEY ("key")
);
-- CreateIndex
CREATE INDEX "superseded_key_license_id_idx" ON "superseded_key"("license_id");
-- CreateIndex
CREATE UNIQUE INDEX "api_key_key_hash_key" ON "api_key"("key_hash");
-- CreateIndex
CREATE INDEX "api_key_created_at_id_idx" ON "api_key"("created_at" DESC, "id" DESC);
-- CreateIndex
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record"("created_at");
-- CreateIndex
CREATE UNIQUE INDEX "signing_key_key_id_key" ON "signing_key"("key_id");
-- CreateIndex
CREATE INDEX "call_count_resets_at_idx" ON "call_count"("resets_at");
-- CreateIndex
CREATE UNIQUE INDEX "activation_license_id_fingerprint_hmac_key" ON "activation"("license_id", "fingerprint_hmac");
-- CreateIndex
CREATE UNIQUE INDEX "customer_number_key" ON "customer"("number");
-- CreateIndex
CREATE UNIQUE INDEX "license_number_key" ON "license"("number");
-- CreateIndex
CREATE INDEX "license_metadata_idx" ON "license" USING GIN ("metadata" jsonb_path_ops);
-- CreateIndex
CREATE UNIQUE INDEX "order_line_number_key" ON "order_line"("number");
-- CreateIndex
CREATE UNIQUE INDEX "policy_number_key" ON "policy"("number");
-- CreateIndex
CREATE UNIQUE INDEX "product_number_key" ON "product"("number");
-- AddForeignKey
ALTER TABLE "superseded_key" ADD CONSTRAINT "superseded_key_license_id_fkey" FOREIGN KEY ("license_id") REFERENCES "license"("id") ON DELETE CASCADE ON UPDATE CASCADE;
