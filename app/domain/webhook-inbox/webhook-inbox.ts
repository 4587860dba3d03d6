export type InboxState = "received" | "processed" | "ignored" | "failed";

export const inboxStates = [
  "received",
  "processed",
  "ignored",
  "failed",
] as const satisfies readonly InboxState[];

/** State in words, from the facts on the row. */
export function inboxState(row: {
  ignoredAt: Date | null;
  processedAt: Date | null;
  failedAt: Date | null;
}): InboxState {
  if (row.ignoredAt) return "ignored";
  if (row.processedAt) return "processed";
  if (row.failedAt) return "failed";
  return "received";
}
