/** The text an app without a connection shows, as docs/offline.md describes it. */
export function offlineRequestText(request: {
  key: string;
  product: string;
  fingerprint: string;
  name?: string;
  platform?: string;
  appVersion?: string;
}): string {
  return `LATCHKEY-REQUEST-1.${Buffer.from(JSON.stringify(request)).toString("base64url")}`;
}
