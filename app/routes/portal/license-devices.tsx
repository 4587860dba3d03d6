import { Form, useNavigation } from "@remix-run/react";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { Dialog } from "#app/ui/dialog.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { Time } from "#app/ui/time.tsx";

/** The devices of a license as a loader sends them: instants as ISO text. */
export type ShownDevices = {
  devices: {
    id: string;
    name: string | null;
    platform: string | null;
    appVersion: string | null;
    firstSeenAt: string;
    lastSeenAt: string;
    usesSeat: boolean;
  }[];
  total: number;
  release: { allowed: boolean; words: string };
};
type ShownDevice = ShownDevices["devices"][number];

type LicenseDevicesProps = {
  licenseId: string;
  shown: ShownDevices;
  /** Id of the device whose release is asked about. */
  releasing: string | null;
  /** What was wrong with the last try to release one. */
  state: FormState | undefined;
};

/** Where a license runs, and the way to free a seat. */
export function LicenseDevices({ licenseId, shown, releasing, state }: LicenseDevicesProps) {
  const { devices, total, release } = shown;
  const asked = devices.find(({ id }) => id === releasing);
  return (
    <Card title="Devices">
      <div className="grid gap-4">
        {!asked && <ErrorSummary state={state} />}
        {devices.length === 0 ? (
          <p>Not activated on any device yet. Enter the key in the app to activate it there.</p>
        ) : (
          <>
            <ul className="grid gap-4">
              {devices.map((device) => (
                <li
                  key={device.id}
                  className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 border-line not-first:border-t not-first:pt-4"
                >
                  <DeviceFacts device={device} />
                  {device.usesSeat && release.allowed && (
                    <ButtonLink
                      to={paths.portal.license(licenseId, { release: device.id })}
                      variant="secondary"
                      preventScrollReset
                    >
                      Release<span className="sr-only"> {nameOf(device)}</span>
                    </ButtonLink>
                  )}
                </li>
              ))}
            </ul>
            {total > devices.length && <p>And {total - devices.length} more, seen less recently.</p>}
            <p className="text-sm text-ink-muted print:hidden">{release.words}</p>
          </>
        )}
      </div>
      {asked && <ReleaseDialog licenseId={licenseId} device={asked} release={release} state={state} />}
    </Card>
  );
}

function DeviceFacts({ device }: { device: ShownDevice }) {
  const details = [device.platform, device.appVersion && `version ${device.appVersion}`].filter(Boolean);
  return (
    <div className="min-w-0 wrap-anywhere">
      <p className="font-medium">{nameOf(device)}</p>
      {details.length > 0 && <p className="text-sm text-ink-muted">{details.join(", ")}</p>}
      <p className="text-sm text-ink-muted">
        First seen <Time at={device.firstSeenAt} dateOnly />, last seen{" "}
        <Time at={device.lastSeenAt} dateOnly />
      </p>
      {!device.usesSeat && <p className="text-sm text-ink-muted">Not in use now, so its seat is free</p>}
    </div>
  );
}

function nameOf(device: ShownDevice): string {
  return device.name ?? "Unnamed device";
}

type ReleaseDialogProps = Pick<LicenseDevicesProps, "licenseId" | "state"> & {
  device: ShownDevice;
  release: ShownDevices["release"];
};

function ReleaseDialog({ licenseId, device, release, state }: ReleaseDialogProps) {
  const releasing = useNavigation().formData?.get("intent") === "release-device";
  const closeTo = paths.portal.license(licenseId);
  return (
    <Dialog title={`Release ${nameOf(device)}?`} closeTo={closeTo}>
      <div className="grid gap-5">
        <ErrorSummary state={state} />
        <p>
          The app on it stops working with this license, and its seat is free for another device. You can
          activate it again as long as a seat is free.
        </p>
        <p className="text-[0.9375rem] text-ink-muted">{release.words}</p>
        <Form method="post" className="flex flex-wrap gap-3">
          <HiddenField name="intent" value="release-device" />
          <HiddenField name="activationId" value={device.id} />
          {release.allowed && device.usesSeat && <Button pending={releasing}>Release this device</Button>}
          <ButtonLink to={closeTo} variant="secondary" preventScrollReset>
            {release.allowed ? "Keep it" : "Close"}
          </ButtonLink>
        </Form>
      </div>
    </Dialog>
  );
}
