import type { Page } from "@playwright/test";
import { paths } from "#app/paths.ts";
import { keyIn } from "#tests/journeys/journey.ts";
import type { Scene, Screen } from "#tests/journeys/screens.ts";
import { offlineRequestText } from "#tests/offline/request.ts";

const signingKeys = "routes/admin/signing-keys.tsx";

/** One in each state beside the one that signs; nothing was signed with them. */
const threeKeys = `
  INSERT INTO signing_key (generation, key_id, public_key, state, created_at, retired_at)
  VALUES (2, '2222222222222222', '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', 'verify-only', now() - interval '90 days', NULL),
         (3, '3333333333333333', 'PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=', 'retired', now() - interval '400 days', now())
  ON CONFLICT DO NOTHING`;

function signingKeyScreen(name: string, query: Record<string, string | number>): Screen {
  return {
    name,
    route: signingKeys,
    open: async ({ owner, database }) => {
      await database.query(threeKeys);
      await owner.goto(paths.admin.signingKeys(query));
      if (query.do) await owner.getByRole("dialog").waitFor();
      return owner;
    },
  };
}

export const signingKeyScreens: Screen[] = [
  signingKeyScreen("signing keys", {}),
  signingKeyScreen("signing key dialog: rotate", { do: "rotate" }),
  signingKeyScreen("signing key dialog: retire", { do: "retire", generation: 2 }),
];

/** The form, sent with this text. */
async function sendRequest(page: Page, request: string): Promise<void> {
  await page.goto(paths.offline());
  await page.getByLabel("Request", { exact: true }).fill(request);
  await page.getByRole("button", { name: "Get the license file" }).click();
}

/** What the app of the buyer's device would show. */
async function requestOf({ buyer, database, sales }: Scene): Promise<string> {
  const { licenses } = await sales();
  await buyer.goto(paths.portal.license(licenses.perpetual));
  await buyer.getByRole("button", { name: "Show key" }).click();
  const key = keyIn(await buyer.getByRole("main").innerText());
  const { rows } = await database.query<{ slug: string }>(
    "SELECT p.slug FROM product p JOIN license l ON l.product_id = p.id WHERE l.id = $1",
    [licenses.perpetual],
  );
  return offlineRequestText({
    key,
    product: rows[0]?.slug ?? "",
    fingerprint: "4f6b0c3de2a94b0f9f0a5d7c",
    name: "The computer in the laboratory",
  });
}

export const offlineScreens: Screen[] = [
  {
    name: "offline: request",
    route: "routes/storefront/offline.tsx",
    open: async ({ stranger }) => {
      await stranger.goto(paths.offline());
      return stranger;
    },
  },
  {
    name: "offline: refused",
    route: "routes/storefront/offline.tsx",
    open: async ({ stranger }) => {
      await sendRequest(stranger, "LUMEN-1234");
      await stranger.getByRole("alert").waitFor();
      return stranger;
    },
  },
  {
    name: "offline: license file",
    route: "routes/storefront/offline.tsx",
    open: async (scene) => {
      await sendRequest(scene.stranger, await requestOf(scene));
      await scene.stranger.getByRole("heading", { name: "Your license file" }).waitFor();
      return scene.stranger;
    },
  },
];
