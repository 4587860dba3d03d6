import { Form, useNavigation } from "@remix-run/react";
import { isActive } from "#app/domain/activation/device.ts";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import { ReasonField } from "#app/routes/admin/license-change-forms.tsx";
import { NothingHere, Section } from "#app/routes/admin/section.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Dialog } from "#app/ui/dialog.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

const columns = [
  { label: "Device" },
  { label: "Version" },
  { label: "First seen" },
  { label: "Last seen" },
  { label: "State" },
] as const;
const withRelease = [...columns, { label: "Release", labelHidden: true }] as const;

type ShownDevice = ShownLicense["activations"][number];

type LicenseDevicesProps = {
  license: Pick<ShownLicense, "id" | "activations" | "deviceLimit">;
  /** When the page was made, as ISO text. */
  now: string;
  mayRelease: boolean;
  /** Id of the device whose release is asked about. */
  releasing: string | null;
  submission: string;
  /** What was wrong with the last try. */
  state: FormState | undefined;
};

/** The devices a license runs on or ran on. */
export function LicenseDevices({ license, now, mayRelease, releasing, ...form }: LicenseDevicesProps) {
  const { activations, deviceLimit } = license;
  const asked = activations.find(({ id, releasedAt }) => id === releasing && releasedAt === null);
  return (
    <Section title="Devices">
      {releasing && !asked && <ErrorSummary state={form.state} />}
      {activations.length === 0 ? (
        <NothingHere>
          Not activated on any device yet.{" "}
          {deviceLimit === null ? "Any number is allowed." : `Up to ${deviceLimit} are allowed.`}
        </NothingHere>
      ) : (
        <Table caption="Devices, the newest first" columns={mayRelease ? withRelease : columns}>
          {activations.map((device) => (
            <Row key={device.id}>
              <Cell label="Device" breakable>
                {[nameOf(device), device.platform].filter(Boolean).join(", ")}
              </Cell>
              <Cell label="Version">{device.appVersion ?? "–"}</Cell>
              <Cell label="First seen">
                <Time at={device.firstSeenAt} dateOnly />
              </Cell>
              <Cell label="Last seen">
                <Time at={device.lastSeenAt} dateOnly />
              </Cell>
              <Cell label="State">{stateOf(device, now)}</Cell>
              {mayRelease && (
                <Cell label="Release">
                  {device.releasedAt === null ? (
                    <TextLink to={paths.admin.license(license.id, { release: device.id })} preventScrollReset>
                      Release<span className="sr-only"> {nameOf(device)}</span>
                    </TextLink>
                  ) : (
                    "–"
                  )}
                </Cell>
              )}
            </Row>
          ))}
        </Table>
      )}
      {asked && <ReleaseDialog licenseId={license.id} device={asked} {...form} />}
    </Section>
  );
}

function nameOf(device: ShownDevice): string {
  return device.name ?? device.hostname ?? "Unnamed";
}

function stateOf({ releasedAt, leaseUntil }: ShownDevice, now: string): string {
  if (releasedAt) return "Released";
  const lease = leaseUntil === null ? null : new Date(leaseUntil);
  return isActive({ releasedAt: null, leaseUntil: lease }, new Date(now)) ? "In use" : "Not in use now";
}

type ReleaseDialogProps = Pick<LicenseDevicesProps, "submission" | "state"> & {
  licenseId: string;
  device: ShownDevice;
};

function ReleaseDialog({ licenseId, device, submission, state }: ReleaseDialogProps) {
  const pending = useNavigation().formData?.get("intent") === "release-device";
  const closeTo = paths.admin.license(licenseId);
  return (
    <Dialog title={`Release ${nameOf(device)}?`} closeTo={closeTo}>
      <Form method="post" className="grid gap-5" preventScrollReset>
        <ErrorSummary state={state} />
        <p>
          The app on it stops working with this license until it is activated again, and its seat is free.
          Releases by staff are not counted against the customer.
        </p>
        <HiddenField name="intent" value="release-device" />
        <HiddenField name="activationId" value={device.id} />
        <SubmissionToken token={submission} />
        <ReasonField values={state?.values ?? {}} errors={state?.errors ?? {}} />
        <div className="flex flex-wrap gap-2">
          <Button pending={pending}>Release device</Button>
          <ButtonLink to={closeTo} variant="quiet" preventScrollReset>
            Cancel
          </ButtonLink>
        </div>
      </Form>
    </Dialog>
  );
}
