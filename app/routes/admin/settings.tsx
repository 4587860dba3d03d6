import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { listSettings } from "#app/domain/setting/settings.queries.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { Badge } from "#app/ui/badge.tsx";
import { Card } from "#app/ui/card.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

export const meta: MetaFunction = () => [{ title: "Settings · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "audit.read");
  return { settings: await listSettings() };
}

const columns = [{ label: "What" }, { label: "Chosen" }, { label: "Name" }, { label: "Value" }] as const;

export default function Settings() {
  const { settings } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        title="Settings"
        lead="What payments, refunds, disputes and cancellations do to licenses, and what the license server answers."
      />
      <div className="grid gap-8">
        <Table caption="Settings" columns={columns}>
          {settings.map((setting) => (
            <Row key={setting.name}>
              <Cell label="What">{setting.meaning}</Cell>
              <Cell label="Chosen">
                {setting.words}
                {!setting.isDefault && (
                  <p className="mt-1">
                    <Badge tone="info">Default: {setting.defaultValue}</Badge>
                  </p>
                )}
              </Cell>
              <Cell label="Name" breakable>
                <code translate="no" className="font-mono text-xs">
                  {setting.name}
                </code>
              </Cell>
              <Cell label="Value">
                <code translate="no" className="font-mono text-xs">
                  {setting.value}
                </code>
              </Cell>
            </Row>
          ))}
        </Table>
        <Card title="How to change one">
          <div className="grid gap-3">
            <p>On the server that runs Latchkey:</p>
            <p className="rounded-lg bg-sunken p-3 text-sm wrap-anywhere">
              <code translate="no">npm run settings -- set onFullRefund revoke</code>
            </p>
            <p>
              <code translate="no">npm run settings</code> alone lists what each may be. The license server
              follows a change within a second; what payments do to licenses, from the next time each purchase
              is compared with Stripe. Every change is kept in the{" "}
              <TextLink to={paths.admin.auditLog({ event: "setting.changed" })}>audit log</TextLink>.
            </p>
          </div>
        </Card>
      </div>
    </>
  );
}
