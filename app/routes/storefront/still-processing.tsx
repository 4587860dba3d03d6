import { useLocation, useRevalidator } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { ButtonLink } from "#app/ui/button.tsx";
import { OutcomePage } from "./outcome-page.tsx";

const firstDelayMs = 2_000;
const longestDelayMs = 15_000;
/** After this many looks the page says that the mail will come and nobody has to wait. */
const patientLooks = 8;

/** The payment went through and Stripe's confirmation has not arrived: says so and keeps looking, ever slower. */
export function StillProcessing({ title }: { title: string }) {
  const { pathname, search } = useLocation();
  const looks = useLookAgain();
  return (
    <OutcomePage
      kind="waiting"
      title={title}
      action={
        <ButtonLink to={pathname + search} reloadDocument variant="secondary">
          Look again now
        </ButtonLink>
      }
    >
      <p>
        Your payment went through. We are waiting for Stripe’s confirmation, which usually takes a few
        seconds. Your key appears here as soon as it is in, and we email it to you as well.
      </p>
      <p role="status">
        {looks >= patientLooks
          ? "This takes longer than usual. You can close this page: the key will come by email, and nothing is lost."
          : looks > 0
            ? "Still waiting for the confirmation."
            : ""}
      </p>
      <noscript>
        <meta httpEquiv="refresh" content="5" />
      </noscript>
    </OutcomePage>
  );
}

/** Asks the loader again after 2 seconds, then half as long again each time up to 15. @returns how often it has. */
function useLookAgain(): number {
  const { revalidate, state } = useRevalidator();
  const [looks, setLooks] = useState(0);
  const delayMs = useRef(firstDelayMs);
  useEffect(() => {
    if (state !== "idle") return;
    const timer = setTimeout(() => {
      delayMs.current = Math.min(delayMs.current * 1.5, longestDelayMs);
      setLooks((count) => count + 1);
      revalidate();
    }, delayMs.current);
    return () => clearTimeout(timer);
  }, [state, revalidate]);
  return looks;
}
