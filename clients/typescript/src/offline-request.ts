import { toBase64Url } from "./base64.ts";
import { type DeviceDescription, describeDevice } from "./device-description.ts";
import { utf8 } from "./platform-crypto.ts";

/**
 * The text a person carries from a device without a connection to the server's page `/offline`, as text or QR code. It
 * holds the license key, so it is as secret as that.
 */
export function writeOfflineRequest(request: {
  key: string;
  product: string;
  fingerprint: string;
  device: DeviceDescription;
}): string {
  const { key, product, fingerprint, device } = request;
  const { name, platform, appVersion } = describeDevice(device);
  const fields = { key: key.trim(), product, fingerprint, name, platform, appVersion };
  return `LATCHKEY-REQUEST-1.${toBase64Url(utf8(JSON.stringify(fields)))}`;
}
