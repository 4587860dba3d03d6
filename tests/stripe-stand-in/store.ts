import type {
  BillingSettings,
  CardRecord,
  CheckoutPlan,
  Delivery,
  EndpointSettings,
  IdempotentAnswer,
  InvoiceRecord,
  LineRecord,
  PortalVisit,
  StoredCharge,
  StoredCoupon,
  StoredCreditNote,
  StoredCustomer,
  StoredDiscount,
  StoredDispute,
  StoredEndpoint,
  StoredEvent,
  StoredFraudWarning,
  StoredInvoice,
  StoredInvoiceItem,
  StoredInvoicePayment,
  StoredPaymentIntent,
  StoredPaymentLink,
  StoredPaymentMethod,
  StoredPortalSession,
  StoredPrice,
  StoredProduct,
  StoredPromotionCode,
  StoredRefund,
  StoredReview,
  StoredSession,
  StoredSubscription,
  StoredTestClock,
  SubscriptionRecord,
  Timer,
} from "./stored-types.ts";

export type Table<T extends { id: string }> = {
  get(id: string): T | undefined;
  put(row: T): T;
  /** Replaces the row by itself with `changes`; throws when there is none. */
  update(id: string, changes: Partial<T>): T;
  remove(id: string): void;
  /** Oldest first. */
  all(): T[];
  /** Every row whose field holds this value, oldest first; an index made at the first question for a field answers it. */
  where<K extends keyof T>(field: K, value: T[K]): T[];
};

type Rows = {
  products: StoredProduct;
  prices: StoredPrice;
  customers: StoredCustomer;
  coupons: StoredCoupon;
  promotionCodes: StoredPromotionCode;
  paymentLinks: StoredPaymentLink;
  sessions: StoredSession;
  paymentIntents: StoredPaymentIntent;
  charges: StoredCharge;
  refunds: StoredRefund;
  disputes: StoredDispute;
  fraudWarnings: StoredFraudWarning;
  reviews: StoredReview;
  creditNotes: StoredCreditNote;
  portalSessions: StoredPortalSession;
  portalVisits: PortalVisit;
  paymentMethods: StoredPaymentMethod;
  cards: CardRecord;
  discounts: StoredDiscount;
  subscriptions: StoredSubscription;
  subscriptionRecords: SubscriptionRecord;
  invoices: StoredInvoice;
  invoiceRecords: InvoiceRecord;
  invoicePayments: StoredInvoicePayment;
  invoiceItems: StoredInvoiceItem;
  testClocks: StoredTestClock;
  billingSettings: BillingSettings;
  events: StoredEvent;
  endpoints: StoredEndpoint;
  lines: LineRecord;
  checkoutPlans: CheckoutPlan;
  endpointSettings: EndpointSettings;
  deliveries: Delivery;
  timers: Timer;
  idempotentAnswers: IdempotentAnswer;
};

export type Tables = { [K in keyof Rows]: Table<Rows[K]> };
export type TablesAsJson = { [K in keyof Rows]: Rows[K][] };
export type Store = Tables & {
  toJson(): TablesAsJson;
  /** Replaces everything. */
  load(saved: TablesAsJson): void;
  clear(): void;
  onChange(listener: () => void): void;
};

type FullTable<T extends { id: string }> = Table<T> & { clear(): void };

function createTable<T extends { id: string }>(changed: () => void): FullTable<T> {
  const rows = new Map<string, T>();
  const indexes = new Map<keyof T, Map<unknown, Map<string, T>>>();
  const forget = (row: T | undefined) => {
    if (row === undefined) return;
    for (const [field, index] of indexes) index.get(row[field])?.delete(row.id);
  };
  const file = (index: Map<unknown, Map<string, T>>, field: keyof T, row: T) => {
    const shelf = index.get(row[field]) ?? new Map<string, T>();
    index.set(row[field], shelf.set(row.id, row));
  };
  const put = (row: T): T => {
    const before = rows.get(row.id);
    rows.set(row.id, row);
    for (const [field, index] of indexes) {
      // A row that stays on its shelf keeps its place there, and so the order of its making.
      if (before !== undefined && before[field] !== row[field]) index.get(before[field])?.delete(row.id);
      file(index, field, row);
    }
    changed();
    return row;
  };
  return {
    get: (id) => rows.get(id),
    put,
    update: (id, changes) => {
      const row = rows.get(id);
      if (row === undefined) throw new Error(`The stand-in has no row ${id} to update`);
      return put({ ...row, ...changes });
    },
    remove: (id) => {
      forget(rows.get(id));
      if (rows.delete(id)) changed();
    },
    all: () => [...rows.values()],
    where: (field, value) => {
      let index = indexes.get(field);
      if (index === undefined) {
        index = new Map();
        indexes.set(field, index);
        for (const row of rows.values()) file(index, field, row);
      }
      return [...(index.get(value)?.values() ?? [])];
    },
    clear: () => {
      rows.clear();
      indexes.clear();
    },
  };
}

/** The whole state of the stand-in: one table for each kind of object, all of it plain JSON. */
export function createStore(): Store {
  const listeners: Array<() => void> = [];
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const tables: { [K in keyof Rows]: FullTable<Rows[K]> } = {
    products: createTable(changed),
    prices: createTable(changed),
    customers: createTable(changed),
    coupons: createTable(changed),
    promotionCodes: createTable(changed),
    paymentLinks: createTable(changed),
    sessions: createTable(changed),
    paymentIntents: createTable(changed),
    charges: createTable(changed),
    refunds: createTable(changed),
    disputes: createTable(changed),
    fraudWarnings: createTable(changed),
    reviews: createTable(changed),
    creditNotes: createTable(changed),
    portalSessions: createTable(changed),
    portalVisits: createTable(changed),
    paymentMethods: createTable(changed),
    cards: createTable(changed),
    discounts: createTable(changed),
    subscriptions: createTable(changed),
    subscriptionRecords: createTable(changed),
    invoices: createTable(changed),
    invoiceRecords: createTable(changed),
    invoicePayments: createTable(changed),
    invoiceItems: createTable(changed),
    testClocks: createTable(changed),
    billingSettings: createTable(changed),
    events: createTable(changed),
    endpoints: createTable(changed),
    lines: createTable(changed),
    checkoutPlans: createTable(changed),
    endpointSettings: createTable(changed),
    deliveries: createTable(changed),
    timers: createTable(changed),
    idempotentAnswers: createTable(changed),
  };
  const clear = () => {
    for (const table of Object.values(tables)) table.clear();
    changed();
  };
  return {
    ...tables,
    clear,
    toJson: () => ({
      products: tables.products.all(),
      prices: tables.prices.all(),
      customers: tables.customers.all(),
      coupons: tables.coupons.all(),
      promotionCodes: tables.promotionCodes.all(),
      paymentLinks: tables.paymentLinks.all(),
      sessions: tables.sessions.all(),
      paymentIntents: tables.paymentIntents.all(),
      charges: tables.charges.all(),
      refunds: tables.refunds.all(),
      disputes: tables.disputes.all(),
      fraudWarnings: tables.fraudWarnings.all(),
      reviews: tables.reviews.all(),
      creditNotes: tables.creditNotes.all(),
      portalSessions: tables.portalSessions.all(),
      portalVisits: tables.portalVisits.all(),
      paymentMethods: tables.paymentMethods.all(),
      cards: tables.cards.all(),
      discounts: tables.discounts.all(),
      subscriptions: tables.subscriptions.all(),
      subscriptionRecords: tables.subscriptionRecords.all(),
      invoices: tables.invoices.all(),
      invoiceRecords: tables.invoiceRecords.all(),
      invoicePayments: tables.invoicePayments.all(),
      invoiceItems: tables.invoiceItems.all(),
      testClocks: tables.testClocks.all(),
      billingSettings: tables.billingSettings.all(),
      events: tables.events.all(),
      endpoints: tables.endpoints.all(),
      lines: tables.lines.all(),
      checkoutPlans: tables.checkoutPlans.all(),
      endpointSettings: tables.endpointSettings.all(),
      deliveries: tables.deliveries.all(),
      timers: tables.timers.all(),
      idempotentAnswers: tables.idempotentAnswers.all(),
    }),
    load: (saved) => {
      clear();
      const fill = <K extends keyof Rows>(name: K) => {
        for (const row of saved[name]) tables[name].put(row);
      };
      for (const name of tableNames(tables)) fill(name);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}

function tableNames(tables: Tables): Array<keyof Rows> {
  // Object.keys forgets the key type; `tables` is built above with exactly these keys.
  return Object.keys(tables) as Array<keyof Rows>;
}
