import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { licenseStatuses } from "#app/domain/license/assess-license.ts";
import { listProductNames } from "#app/domain/license/issue-options.queries.server.ts";
import { hasLicenses, type LicenseSort, listLicenses } from "#app/domain/license/license.queries.server.ts";
import { licenseWords } from "#app/domain/license/license-words.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { LicenseListQuery } from "#app/routes/admin/license-forms.server.ts";
import { LicensesTable } from "#app/routes/admin/licenses-table.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { HiddenField, SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";

export const meta: MetaFunction = () => [{ title: "Licenses · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "license.read");
  const { after, before, ...query } = parseQuery(request, LicenseListQuery);
  const page = await listLicenses({ ...query, after, before, now: currentTime() });
  const filtered = Boolean(query.q || query.status || query.product);
  const direction = query.direction ?? (query.sort === "ends" || query.sort === "customer" ? "asc" : "desc");
  return {
    ...query,
    sort: query.sort ?? ("created" as LicenseSort),
    direction,
    filtered,
    licenses: page.rows,
    products: await listProductNames(),
    nothingYet: page.rows.length === 0 && !(await hasLicenses()),
    previous: page.previous && paths.admin.licenses({ ...query, before: page.previous }),
    next: page.next && paths.admin.licenses({ ...query, after: page.next }),
    mayIssue: staff.may("license.issue"),
    mayExtend: staff.may("license.extend"),
  };
}

const statusOptions = [
  { value: "", label: "Any status" },
  ...licenseStatuses.map((status) => ({ value: status, label: licenseWords(status).label })),
];

export default function Licenses() {
  const list = useLoaderData<typeof loader>();
  const { q, status, product, sort, direction } = list;
  const sortHref = (by: LicenseSort) => {
    const opposite = direction === "asc" ? "desc" : "asc";
    const fresh = by === "created" ? "desc" : "asc";
    return paths.admin.licenses({ q, status, product, sort: by, direction: by === sort ? opposite : fresh });
  };
  return (
    <>
      <PageHeader
        title="Licenses"
        lead="Everything that was sold, or issued by hand or by a program."
        actions={list.mayIssue && <ButtonLink to={paths.admin.newLicense()}>Issue a license</ButtonLink>}
      />
      <FilterBar
        label="Search and filter licenses"
        clearTo={list.filtered ? paths.admin.licenses() : undefined}
        key={[q, status, product].join("|")}
      >
        <TextField
          label="Key or part of it, address, order or Stripe ID"
          name="q"
          type="search"
          defaultValue={q}
          maxLength={200}
          placeholder="7K3M-9QWE, name@example.com, #1001, cs_…"
        />
        <SelectField label="Status" name="status" options={statusOptions} defaultValue={status ?? ""} />
        <SelectField
          label="Product"
          name="product"
          defaultValue={product ?? ""}
          options={[
            { value: "", label: "Any product" },
            ...list.products.map(({ slug, name }) => ({ value: slug, label: name })),
          ]}
        />
        <HiddenField name="sort" value={sort} />
        <HiddenField name="direction" value={direction} />
      </FilterBar>
      {list.licenses.length === 0 ? (
        <NoLicenses nothingYet={list.nothingYet} filtered={list.filtered} mayIssue={list.mayIssue} />
      ) : (
        <LicensesTable
          licenses={list.licenses}
          sort={sort}
          direction={direction}
          sortHref={sortHref}
          mayExtend={list.mayExtend}
        />
      )}
      <Pager previous={list.previous ?? undefined} next={list.next ?? undefined} label="Pages of licenses" />
    </>
  );
}

function NoLicenses(props: { nothingYet: boolean; filtered: boolean; mayIssue: boolean }) {
  if (props.nothingYet)
    return (
      <EmptyState
        title="No licenses yet"
        action={props.mayIssue && <ButtonLink to={paths.admin.newLicense()}>Issue a license</ButtonLink>}
      >
        The first purchase brings the first one. You can also issue one by hand.
      </EmptyState>
    );
  return (
    <EmptyState
      title={props.filtered ? "No license matches" : "No licenses on this page"}
      action={
        <ButtonLink to={paths.admin.licenses()} variant="secondary">
          {props.filtered ? "Clear filters" : "Show the first page"}
        </ButtonLink>
      }
    >
      Search for whole groups of four of a key, or for at least three letters of an address.
    </EmptyState>
  );
}
