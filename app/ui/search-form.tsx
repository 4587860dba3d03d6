import { Form } from "@remix-run/react";
import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { Button, ButtonLink } from "./button.tsx";

type FilterBarProps = {
  /** Names the form for screen readers, such as "Filter licenses". */
  label?: string | undefined;
  /** Where the list stands without any filter; shows a way there when given. */
  clearTo?: string | undefined;
  children: ReactNode;
};

/** A form that asks by GET, so that what was searched for is in the address. */
export function FilterBar({ label = "Search and filter", clearTo, children }: FilterBarProps) {
  return (
    <Form
      method="get"
      role="search"
      aria-label={label}
      className="mb-5 grid items-end gap-3 sm:flex sm:flex-wrap sm:[&>div:first-child]:min-w-64 sm:[&>div:first-child]:grow sm:[&>div]:min-w-36"
    >
      {children}
      <span className="flex gap-2">
        <Button variant="secondary">
          <Search aria-hidden="true" className="-ml-1 size-4" />
          Search
        </Button>
        {clearTo && (
          <ButtonLink to={clearTo} variant="quiet">
            Clear
          </ButtonLink>
        )}
      </span>
    </Form>
  );
}
