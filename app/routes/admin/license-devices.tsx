import { NothingHere, Section } from "#app/routes/admin/section.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { Time } from "#app/ui/time.tsx";

const columns = [
  { label: "Device" },
  { label: "Version" },
  { label: "First seen" },
  { label: "Last seen" },
  { label: "State" },
] as const;

type LicenseDevicesProps = {
  activations: ShownLicense["activations"];
  deviceLimit: number | null;
};

/** The devices a license runs on or ran on. */
export function LicenseDevices({ activations, deviceLimit }: LicenseDevicesProps) {
  return (
    <Section title="Devices">
      {activations.length === 0 ? (
        <NothingHere>
          Not activated on any device yet.{" "}
          {deviceLimit === null ? "Any number is allowed." : `Up to ${deviceLimit} are allowed.`}
        </NothingHere>
      ) : (
        <Table caption="Devices, the newest first" columns={columns}>
          {activations.map((device) => (
            <Row key={device.id}>
              <Cell label="Device">
                {[device.name ?? "Unnamed", device.platform].filter(Boolean).join(", ")}
              </Cell>
              <Cell label="Version">{device.appVersion ?? "–"}</Cell>
              <Cell label="First seen">
                <Time at={device.firstSeenAt} dateOnly />
              </Cell>
              <Cell label="Last seen">
                <Time at={device.lastSeenAt} dateOnly />
              </Cell>
              <Cell label="State">{device.releasedAt ? "Released" : "In use"}</Cell>
            </Row>
          ))}
        </Table>
      )}
    </Section>
  );
}
