-- Everything Latchkey keeps. Tables first as the schema declares them; after them what Prisma cannot
-- declare: partial and expression indexes, and the triggers that keep the records append-only.

CREATE EXTENSION IF NOT EXISTS pg_trgm;


-- CreateTable
CREATE TABLE "product" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "key_prefix" TEXT NOT NULL,
    "position" INTEGER NOT NULL DEFAULT 0,
    "archived_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "product_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy" (
    "id" TEXT NOT NULL,
    "product_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "term" TEXT NOT NULL,
    "term_days" INTEGER,
    "device_limit" INTEGER,
    "updates_days" INTEGER,
    "grace_days" INTEGER NOT NULL DEFAULT 7,
    "seats" TEXT NOT NULL DEFAULT 'keys',
    "entitlements" JSONB NOT NULL DEFAULT '{}',
    "position" INTEGER NOT NULL DEFAULT 0,
    "archived_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "price" (
    "id" TEXT NOT NULL,
    "policy_id" TEXT NOT NULL,
    "stripe_price_id" TEXT,
    "lookup_key" TEXT,
    "amount" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "interval" TEXT,
    "interval_count" INTEGER,
    "trial_days" INTEGER,
    "max_quantity" INTEGER NOT NULL DEFAULT 1,
    "position" INTEGER NOT NULL DEFAULT 0,
    "archived_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "price_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stripe_customer" (
    "id" TEXT NOT NULL,
    "customer_id" TEXT NOT NULL,
    "livemode" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "stripe_customer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "staff_member" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "staff_member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer_session" (
    "id" TEXT NOT NULL,
    "customer_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "absolute_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "user_agent" TEXT,
    CONSTRAINT "customer_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "staff_session" (
    "id" TEXT NOT NULL,
    "staff_member_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "absolute_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "user_agent" TEXT,
    CONSTRAINT "staff_session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in_flow" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "code_hmac" TEXT NOT NULL,
    "redirect_to" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "sign_in_flow_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,
    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "order" (
    "id" TEXT NOT NULL,
    "number" SERIAL NOT NULL,
    "customer_id" TEXT,
    "email" TEXT,
    "origin" TEXT NOT NULL DEFAULT 'checkout',
    "stripe_session_id" TEXT,
    "payment_intent_id" TEXT,
    "checkout_attempt" INTEGER NOT NULL DEFAULT 0,
    "browser_nonce_hash" TEXT,
    "amount_total" INTEGER,
    "currency" TEXT,
    "livemode" BOOLEAN NOT NULL DEFAULT false,
    "awaiting_payment_at" TIMESTAMPTZ(3),
    "paid_at" TIMESTAMPTZ(3),
    "payment_failed_at" TIMESTAMPTZ(3),
    "expired_at" TIMESTAMPTZ(3),
    "fulfilled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "order_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "order_line" (
    "id" TEXT NOT NULL,
    "order_id" TEXT NOT NULL,
    "stripe_line_id" TEXT,
    "stripe_price_id" TEXT,
    "description" TEXT NOT NULL DEFAULT '',
    "quantity" INTEGER NOT NULL,
    "amount" INTEGER,
    "price_id" TEXT,
    "policy_id" TEXT,
    CONSTRAINT "order_line_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "license" (
    "id" TEXT NOT NULL,
    "product_id" TEXT NOT NULL,
    "policy_id" TEXT NOT NULL,
    "customer_id" TEXT NOT NULL,
    "order_id" TEXT,
    "source_id" TEXT,
    "item_key" TEXT,
    "ordinal" INTEGER,
    "generation" INTEGER NOT NULL DEFAULT 0,
    "key_hmac" TEXT NOT NULL,
    "key_ciphertext" BYTEA NOT NULL,
    "key_encryption_key_id" TEXT NOT NULL,
    "key_prefix" TEXT NOT NULL,
    "key_last_group" TEXT NOT NULL,
    "key_group_hmacs" TEXT[],
    "term" TEXT NOT NULL,
    "device_limit" INTEGER,
    "grace_days" INTEGER NOT NULL,
    "entitlements" JSONB NOT NULL DEFAULT '{}',
    "updates_until" TIMESTAMPTZ(3),
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "paid_until" TIMESTAMPTZ(3),
    "extended_until" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" TEXT,
    "revoked_reason" TEXT,
    "first_activated_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "license_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "license_hold" (
    "id" TEXT NOT NULL,
    "license_id" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "license_hold_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "activation" (
    "id" TEXT NOT NULL,
    "license_id" TEXT NOT NULL,
    "fingerprint_hmac" TEXT NOT NULL,
    "name" TEXT,
    "platform" TEXT,
    "app_version" TEXT,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "released_at" TIMESTAMPTZ(3),
    CONSTRAINT "activation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stripe_event" (
    "dedupe_key" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "object_type" TEXT,
    "object_id" TEXT,
    "source_id" TEXT,
    "livemode" BOOLEAN NOT NULL,
    "api_version" TEXT,
    "created" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deliveries" INTEGER NOT NULL DEFAULT 1,
    "ignored_at" TIMESTAMPTZ(3),
    "processed_at" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "note" TEXT,
    "payload" TEXT NOT NULL,
    CONSTRAINT "stripe_event_pkey" PRIMARY KEY ("dedupe_key")
);

-- CreateTable
CREATE TABLE "stripe_source" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "livemode" BOOLEAN NOT NULL,
    "order_id" TEXT,
    "snapshot" JSONB,
    "dirty_seq" INTEGER NOT NULL DEFAULT 1,
    "synced_seq" INTEGER NOT NULL DEFAULT 0,
    "dirty_cause" TEXT,
    "synced_at" TIMESTAMPTZ(3),
    "lease_token" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "next_check_at" TIMESTAMPTZ(3),
    "retry_at" TIMESTAMPTZ(3),
    "fail_count" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "stripe_source_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stripe_payment" (
    "payment_intent_id" TEXT NOT NULL,
    "charge_id" TEXT,
    "source_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "stripe_payment_pkey" PRIMARY KEY ("payment_intent_id")
);

-- CreateTable
CREATE TABLE "sweep_cursor" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "sweep_cursor_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "email" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "cause_key" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "props" JSONB NOT NULL DEFAULT '{}',
    "secret" BYTEA,
    "customer_id" TEXT,
    "order_id" TEXT,
    "license_id" TEXT,
    "message_id" TEXT NOT NULL,
    "subject" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_token" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "dropped_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "email_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "seq" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor_label" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "license_id" TEXT,
    "order_id" TEXT,
    "customer_id" TEXT,
    "reason" TEXT,
    "cause" TEXT,
    "before" JSONB,
    "after" JSONB,
    "request_id" TEXT,
    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "audit_seal" (
    "position" INTEGER NOT NULL,
    "audit_seq" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "audit_seal_pkey" PRIMARY KEY ("position")
);

-- CreateTable
CREATE TABLE "alert" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "cause_key" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "source_id" TEXT,
    "order_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "resolved_at" TIMESTAMPTZ(3),
    CONSTRAINT "alert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "submission" (
    "token" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "submission_pkey" PRIMARY KEY ("token")
);
-- CreateIndex
CREATE UNIQUE INDEX "product_slug_key" ON "product"("slug");
-- CreateIndex
CREATE UNIQUE INDEX "policy_slug_key" ON "policy"("slug");
-- CreateIndex
CREATE INDEX "policy_product_id_idx" ON "policy"("product_id");
-- CreateIndex
CREATE UNIQUE INDEX "price_stripe_price_id_key" ON "price"("stripe_price_id");
-- CreateIndex
CREATE UNIQUE INDEX "price_lookup_key_key" ON "price"("lookup_key");
-- CreateIndex
CREATE INDEX "price_policy_id_idx" ON "price"("policy_id");
-- CreateIndex
CREATE UNIQUE INDEX "customer_email_key" ON "customer"("email");
-- CreateIndex
CREATE INDEX "customer_email_trgm" ON "customer" USING GIN ("email" gin_trgm_ops);
-- CreateIndex
CREATE INDEX "customer_name_trgm" ON "customer" USING GIN ("name" gin_trgm_ops);
-- CreateIndex
CREATE INDEX "customer_created_at_id_idx" ON "customer"("created_at" DESC, "id" DESC);
-- CreateIndex
CREATE INDEX "stripe_customer_customer_id_idx" ON "stripe_customer"("customer_id");
-- CreateIndex
CREATE UNIQUE INDEX "staff_member_email_key" ON "staff_member"("email");
-- CreateIndex
CREATE INDEX "customer_session_customer_id_idx" ON "customer_session"("customer_id");
-- CreateIndex
CREATE INDEX "customer_session_expires_at_idx" ON "customer_session"("expires_at");
-- CreateIndex
CREATE INDEX "staff_session_staff_member_id_idx" ON "staff_session"("staff_member_id");
-- CreateIndex
CREATE INDEX "staff_session_expires_at_idx" ON "staff_session"("expires_at");
-- CreateIndex
CREATE INDEX "sign_in_flow_email_created_at_idx" ON "sign_in_flow"("email", "created_at");
-- CreateIndex
CREATE INDEX "sign_in_flow_expires_at_idx" ON "sign_in_flow"("expires_at");
-- CreateIndex
CREATE UNIQUE INDEX "order_number_key" ON "order"("number");
-- CreateIndex
CREATE UNIQUE INDEX "order_stripe_session_id_key" ON "order"("stripe_session_id");
-- CreateIndex
CREATE INDEX "order_customer_id_idx" ON "order"("customer_id");
-- CreateIndex
CREATE INDEX "order_payment_intent_id_idx" ON "order"("payment_intent_id");
-- CreateIndex
CREATE INDEX "order_created_at_id_idx" ON "order"("created_at" DESC, "id" DESC);
-- CreateIndex
CREATE INDEX "order_email_trgm" ON "order" USING GIN ("email" gin_trgm_ops);
-- CreateIndex
CREATE INDEX "order_line_order_id_idx" ON "order_line"("order_id");
-- CreateIndex
CREATE UNIQUE INDEX "order_line_order_id_stripe_line_id_key" ON "order_line"("order_id", "stripe_line_id");
-- CreateIndex
CREATE UNIQUE INDEX "license_key_hmac_key" ON "license"("key_hmac");
-- CreateIndex
CREATE INDEX "license_customer_id_created_at_idx" ON "license"("customer_id", "created_at" DESC);
-- CreateIndex
CREATE INDEX "license_order_id_idx" ON "license"("order_id");
-- CreateIndex
CREATE INDEX "license_product_id_created_at_id_idx" ON "license"("product_id", "created_at" DESC, "id" DESC);
-- CreateIndex
CREATE INDEX "license_created_at_id_idx" ON "license"("created_at" DESC, "id" DESC);
-- CreateIndex
CREATE INDEX "license_paid_until_id_idx" ON "license"("paid_until", "id");
-- CreateIndex
CREATE INDEX "license_key_last_group_idx" ON "license"("key_last_group");
-- CreateIndex
CREATE INDEX "license_key_group_hmacs_idx" ON "license" USING GIN ("key_group_hmacs");
-- CreateIndex
CREATE UNIQUE INDEX "license_source_id_item_key_ordinal_key" ON "license"("source_id", "item_key", "ordinal");
-- CreateIndex
CREATE UNIQUE INDEX "license_hold_license_id_cause_key" ON "license_hold"("license_id", "cause");
-- CreateIndex
CREATE INDEX "activation_license_id_idx" ON "activation"("license_id");
-- CreateIndex
CREATE INDEX "stripe_event_received_at_dedupe_key_idx" ON "stripe_event"("received_at" DESC, "dedupe_key" DESC);
-- CreateIndex
CREATE INDEX "stripe_event_source_id_idx" ON "stripe_event"("source_id");
-- CreateIndex
CREATE INDEX "stripe_source_order_id_idx" ON "stripe_source"("order_id");
-- CreateIndex
CREATE INDEX "stripe_source_next_check_at_idx" ON "stripe_source"("next_check_at");
-- CreateIndex
CREATE INDEX "stripe_payment_charge_id_idx" ON "stripe_payment"("charge_id");
-- CreateIndex
CREATE INDEX "stripe_payment_source_id_idx" ON "stripe_payment"("source_id");
-- CreateIndex
CREATE INDEX "email_created_at_id_idx" ON "email"("created_at" DESC, "id" DESC);
-- CreateIndex
CREATE INDEX "email_recipient_trgm" ON "email" USING GIN ("recipient" gin_trgm_ops);
-- CreateIndex
CREATE INDEX "email_order_id_idx" ON "email"("order_id");
-- CreateIndex
CREATE INDEX "email_license_id_idx" ON "email"("license_id");
-- CreateIndex
CREATE INDEX "email_customer_id_idx" ON "email"("customer_id");
-- CreateIndex
CREATE UNIQUE INDEX "email_kind_cause_key_recipient_key" ON "email"("kind", "cause_key", "recipient");
-- CreateIndex
CREATE INDEX "audit_log_license_id_idx" ON "audit_log"("license_id");
-- CreateIndex
CREATE INDEX "audit_log_order_id_idx" ON "audit_log"("order_id");
-- CreateIndex
CREATE INDEX "audit_log_customer_id_idx" ON "audit_log"("customer_id");
-- CreateIndex
CREATE INDEX "audit_log_target_id_idx" ON "audit_log"("target_id");
-- CreateIndex
CREATE INDEX "audit_log_event_idx" ON "audit_log"("event");
-- CreateIndex
CREATE UNIQUE INDEX "audit_seal_audit_seq_key" ON "audit_seal"("audit_seq");
-- CreateIndex
CREATE INDEX "alert_resolved_at_created_at_idx" ON "alert"("resolved_at", "created_at");
-- CreateIndex
CREATE UNIQUE INDEX "alert_kind_cause_key_key" ON "alert"("kind", "cause_key");
-- CreateIndex
CREATE INDEX "submission_created_at_idx" ON "submission"("created_at");
-- AddForeignKey
ALTER TABLE "policy" ADD CONSTRAINT "policy_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "price" ADD CONSTRAINT "price_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "stripe_customer" ADD CONSTRAINT "stripe_customer_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "customer_session" ADD CONSTRAINT "customer_session_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "staff_session" ADD CONSTRAINT "staff_session_staff_member_id_fkey" FOREIGN KEY ("staff_member_id") REFERENCES "staff_member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "order" ADD CONSTRAINT "order_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE SET NULL ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "order_line" ADD CONSTRAINT "order_line_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "order"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "order_line" ADD CONSTRAINT "order_line_price_id_fkey" FOREIGN KEY ("price_id") REFERENCES "price"("id") ON DELETE SET NULL ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "order_line" ADD CONSTRAINT "order_line_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "license" ADD CONSTRAINT "license_product_id_fkey" FOREIGN KEY ("product_id") REFERENCES "product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "license" ADD CONSTRAINT "license_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "license" ADD CONSTRAINT "license_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "license" ADD CONSTRAINT "license_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "order"("id") ON DELETE SET NULL ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "license_hold" ADD CONSTRAINT "license_hold_license_id_fkey" FOREIGN KEY ("license_id") REFERENCES "license"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- AddForeignKey
ALTER TABLE "activation" ADD CONSTRAINT "activation_license_id_fkey" FOREIGN KEY ("license_id") REFERENCES "license"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the worker looks for, so that its poll reads only what is due.
CREATE INDEX "stripe_source_dirty" ON "stripe_source" ("retry_at") WHERE "dirty_seq" > "synced_seq";
CREATE INDEX "email_due" ON "email" ("next_attempt_at") WHERE "sent_at" IS NULL AND "failed_at" IS NULL AND "dropped_at" IS NULL;
CREATE INDEX "stripe_event_open" ON "stripe_event" ("received_at") WHERE "processed_at" IS NULL AND "ignored_at" IS NULL;
CREATE INDEX "stripe_event_failed" ON "stripe_event" ("received_at") WHERE "failed_at" IS NOT NULL;
CREATE INDEX "email_given_up" ON "email" ("created_at" DESC, "id" DESC) WHERE "failed_at" IS NOT NULL AND "sent_at" IS NULL;
CREATE INDEX "order_awaiting" ON "order" ("awaiting_payment_at") WHERE "awaiting_payment_at" IS NOT NULL AND "paid_at" IS NULL AND "payment_failed_at" IS NULL;
CREATE INDEX "alert_open" ON "alert" ("created_at") WHERE "resolved_at" IS NULL;

-- The end that counts is the later of what was paid for and what staff granted.
CREATE INDEX "license_ends" ON "license" ((GREATEST("paid_until", "extended_until")), "id");
CREATE INDEX "license_revoked" ON "license" ("created_at" DESC, "id" DESC) WHERE "revoked_at" IS NOT NULL;

-- The audit log is append-only for everyone who does not own the table.
CREATE FUNCTION latchkey_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER "audit_log_append_only" BEFORE UPDATE OR DELETE ON "audit_log"
  FOR EACH ROW EXECUTE FUNCTION latchkey_refuse_change();
CREATE TRIGGER "audit_log_no_truncate" BEFORE TRUNCATE ON "audit_log"
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_refuse_change();
CREATE TRIGGER "audit_seal_append_only" BEFORE UPDATE OR DELETE ON "audit_seal"
  FOR EACH ROW EXECUTE FUNCTION latchkey_refuse_change();
CREATE TRIGGER "audit_seal_no_truncate" BEFORE TRUNCATE ON "audit_seal"
  FOR EACH STATEMENT EXECUTE FUNCTION latchkey_refuse_change();

-- People know an order by its number; a four-digit one looks like a shop that sells.
ALTER SEQUENCE "order_number_seq" RESTART WITH 1001;
