import { json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { listOwnedPlans } from "#app/domain/license/portal-license.queries.server.ts";
import { billingChoiceOf, withBillingChoice } from "#app/domain/product/billing-choice.ts";
import { getShop, listCatalogForShop } from "#app/domain/product/catalog.queries.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { getCustomer } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { Banner } from "#app/ui/banner.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { BillingToggle } from "./billing-toggle.tsx";
import { PlanCard } from "./plan-card.tsx";
import { productStructuredData } from "./product-structured-data.ts";

export async function loader({ request }: LoaderFunctionArgs) {
  const [products, customer] = await Promise.all([listCatalogForShop(), getCustomer(request)]);
  const owned = customer ? await listOwnedPlans({ customerId: customer.id, now: currentTime() }) : {};
  const chosen = billingChoiceOf(new URL(request.url).searchParams.get("billing"));
  return json({
    products: products.map((product) => withBillingChoice(product, chosen)),
    shop: getShop(),
    customerEmail: customer?.email ?? null,
    owned,
  });
}

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: "Pricing · Latchkey" },
  { name: "description", content: "Choose a plan and get your license key right after paying." },
  ...(data?.shop.open ? data.products : []).map((product) => ({
    "script:ld+json": productStructuredData(product, data?.shop.url ?? ""),
  })),
];

export default function Home() {
  const { products, shop, customerEmail, owned } = useLoaderData<typeof loader>();
  return (
    <div className="grid gap-10">
      <header className="grid gap-4">
        <h1 className="max-w-2xl text-3xl font-semibold tracking-tight sm:text-4xl">
          Buy a license, use it right away
        </h1>
        <p className="max-w-2xl text-lg leading-7 text-ink-muted">
          Pay on Stripe’s page. Your license key is on your screen the moment the payment goes through, and in
          your inbox.
        </p>
        <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
          {customerEmail ? (
            <ButtonLink to={paths.portal.licenses()} variant="secondary">
              Go to my licenses
            </ButtonLink>
          ) : (
            <ButtonLink to={paths.signIn()} variant="secondary">
              Already bought? Find my key
            </ButtonLink>
          )}
        </p>
      </header>
      {!shop.open && products.length > 0 && (
        <Banner tone="info" title="This shop is not open yet">
          You can look at the plans; buying starts when the payment account is connected.
        </Banner>
      )}
      {products.length === 0 && <NothingForSale />}
      {products.map((product) => (
        <section key={product.id} aria-labelledby={`product-${product.slug}`} className="grid gap-5">
          <div className="grid gap-1.5">
            <h2 id={`product-${product.slug}`} className="text-2xl font-semibold tracking-tight">
              {product.name}
            </h2>
            {product.description && <p className="max-w-2xl text-ink-muted">{product.description}</p>}
          </div>
          {product.choice && <BillingToggle productName={product.name} choice={product.choice} />}
          <ul className="grid gap-5 sm:grid-cols-2 lg:grid-cols-[repeat(auto-fit,minmax(19rem,1fr))]">
            {product.plans.map((plan) => (
              <li key={plan.id} className="grid">
                <PlanCard
                  productName={product.name}
                  plan={plan}
                  open={shop.open}
                  customerEmail={customerEmail}
                  owned={owned[plan.id] ?? null}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {shop.open && products.length > 0 && (
        <p className="max-w-2xl text-sm text-ink-muted">
          Taxes, where they apply, are shown on Stripe’s page before you pay. Your key comes by email as well.
        </p>
      )}
    </div>
  );
}

function NothingForSale() {
  return (
    <EmptyState title="Nothing is for sale yet">
      <p>
        Is this your shop? Describe your products, plans and prices in one file and apply it with{" "}
        <code className="font-mono text-sm wrap-anywhere">npm run catalog -- apply FILE</code>. They are on
        sale here right after that.
      </p>
    </EmptyState>
  );
}
