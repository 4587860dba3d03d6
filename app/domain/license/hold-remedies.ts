const remedies: Record<string, string> = {
  staff: "Reinstating lifts it.",
  refund:
    "It ends by itself if the refund fails or is canceled in Stripe. If the customer should go on all the same, issue a new license.",
  dispute:
    "It ends when the dispute is won or withdrawn. Send your evidence in the Stripe Dashboard; a lost dispute keeps it.",
  fraud:
    "It ends when Stripe no longer asks you to act on the warning, such as after you refunded the payment.",
  pause: "It ends when the subscription is resumed, by the customer or in the Stripe Dashboard.",
  unpaid:
    "It ends when the renewal is paid. Extending the license lets it work again until the end of the extension.",
  released: "The same key comes back when the subscription has more seats again.",
};

/** What ends a hold of this cause, for staff. */
export function holdRemedy(cause: string): string {
  const [kind = ""] = cause.split(":");
  return remedies[kind] ?? "It ends when Stripe says that it is settled.";
}

/** An extension outlasts what Stripe is owed and lifts that hold; every other cause goes on holding. */
export function heldAfterExtension(holds: readonly { cause: string; words: string }[]): {
  unpaid: boolean;
  others: string[];
} {
  const isUnpaid = ({ cause }: { cause: string }) => cause.startsWith("unpaid:");
  return {
    unpaid: holds.some(isUnpaid),
    others: holds.filter((hold) => !isUnpaid(hold)).map(({ words }) => words),
  };
}
