import { Link } from "@remix-run/react";
import { type BillingChoice, billingChoices } from "#app/domain/product/billing-choice.ts";
import { paths } from "#app/paths.ts";

const labels: Record<BillingChoice, string> = { month: "Monthly", year: "Yearly" };

/** Chooses how often the plans of a product are billed. Two links, so that it needs no script and can be shared. */
export function BillingToggle({ productName, choice }: { productName: string; choice: BillingChoice }) {
  return (
    <nav
      aria-label={`Billing of ${productName}`}
      className="inline-flex w-fit gap-1 rounded-lg border border-line bg-sunken p-1"
    >
      {billingChoices.map((each) => (
        <Link
          key={each}
          to={paths.home({ billing: each })}
          preventScrollReset
          aria-current={each === choice ? "true" : undefined}
          className="rounded-md border border-transparent px-3 py-1 text-sm font-medium hover:bg-surface aria-[current]:border-line-strong aria-[current]:bg-surface aria-[current]:shadow-card"
        >
          {labels[each]}
        </Link>
      ))}
    </nav>
  );
}
