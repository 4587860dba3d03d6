/** What people see of this device in the portal; all of it optional. */
export type DeviceDescription = {
  name?: string | undefined;
  platform?: string | undefined;
  hostname?: string | undefined;
  appVersion?: string | undefined;
};

/** What the server takes of each, in characters. */
const longest = { name: 128, platform: 64, hostname: 255, appVersion: 64 } as const;

/** The parts that say something, cut to what the server takes: nobody loses a seat to a host name that is too long. */
export function describeDevice(device: DeviceDescription): Record<string, string> {
  const said: Record<string, string> = {};
  for (const part of ["name", "platform", "hostname", "appVersion"] as const) {
    const text = device[part]?.trim().slice(0, longest[part]);
    if (text) said[part] = text;
  }
  return said;
}
