import type { Page } from "@playwright/test";
import { paths } from "#app/paths.ts";
import type { Scene, Screen } from "#tests/journeys/screens.ts";

const route = "routes/admin/api-keys.tsx";

function screen(name: string, open: (page: Page, scene: Scene) => Promise<void>): Screen {
  return {
    name,
    route,
    open: async (scene) => {
      await scene.database.query(fourKeys);
      await open(scene.owner, scene);
      return scene.owner;
    },
  };
}

/** One in each state. */
const fourKeys = `
  INSERT INTO api_key (id, name, key_hash, hint, scopes, created_by, rotated_from_id, expires_at, revoked_at, last_used_at, created_at)
  VALUES ('key_active', 'Shop back end', 'hash 1', '7k3m', '{licenses:read,licenses:write}', 'owner@example.com', 'key_replaced', NULL, NULL, now(), now()),
         ('key_replaced', 'Shop back end', 'hash 2', '2zt9', '{licenses:read,licenses:write}', 'owner@example.com', NULL, now() + interval '1 day', NULL, now(), now() - interval '9 days'),
         ('key_expired', 'A script with a rather long name that says what it is for', 'hash 3', 'f0q1', '{catalog:read}', 'command line', NULL, now() - interval '1 day', NULL, NULL, now() - interval '20 days'),
         ('key_revoked', 'Leaked', 'hash 4', 'w8x5', '{licenses:read,licenses:write,catalog:read,catalog:write,api-keys:write}', 'a-colleague-with-a-long-address@example.com', NULL, NULL, now(), now(), now() - interval '30 days')
  ON CONFLICT DO NOTHING`;

const to = (query: Record<string, string>) => async (page: Page) => {
  await page.goto(paths.admin.apiKeys(query));
  if (query.do) await page.getByRole("dialog").waitFor();
};

async function send(page: Page, button: string): Promise<void> {
  await page.getByRole("dialog").getByRole("button", { name: button }).click();
}

export const noApiKeysYet: Screen = {
  name: "API keys, none yet",
  route,
  open: async ({ owner }) => {
    await owner.goto(paths.admin.apiKeys());
    return owner;
  },
};

export const apiKeyScreens: Screen[] = [
  screen("API keys", to({})),
  screen("API key dialog: create", to({ do: "create" })),
  screen("API key dialog: create, refused", async (page) => {
    await to({ do: "create" })(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Back end");
    await dialog.getByLabel(/Last day/).fill("2020-01-01");
    await send(page, "Create API key");
    await dialog.getByRole("alert").waitFor();
  }),
  screen("API key dialog: rotate", to({ do: "rotate", id: "key_active" })),
  screen("API key dialog: rotate, refused", async (page) => {
    await to({ do: "rotate", id: "key_active" })(page);
    await page.getByRole("dialog").getByLabel("Overlap in hours").fill("never");
    await send(page, "Rotate API key");
    await page.getByRole("dialog").getByRole("alert").waitFor();
  }),
  screen("API key dialog: revoke", to({ do: "revoke", id: "key_active" })),
  screen("API key, just created", async (page) => {
    await to({ do: "create" })(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Back end");
    await dialog.getByLabel("Read products and policies").check();
    await send(page, "Create API key");
    await page.getByRole("link", { name: "I have stored it" }).waitFor();
  }),
];
