import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readMachineGuid, readPlatformUuid } from "#src/machine-id.ts";
import { createNodeClient, fileStorage, machineFingerprint } from "#src/node.ts";
import { startFakeServer } from "#tests/fake-server.ts";
import { issued, licenseKey } from "#tests/sealed-files.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-client-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("the machine's fingerprint is stable, and not the same for two products", async () => {
  const [lumen, again, umbra] = await Promise.all(["lumen", "lumen", "umbra"].map(machineFingerprint));
  expect(again).toBe(lumen);
  if (lumen !== null) {
    expect(lumen).toMatch(/^[0-9a-f]{64}$/);
    expect(umbra).not.toBe(lumen);
  }
});

test("the machine id is found in what Windows and macOS print", () => {
  const guid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
  const windows = `\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\r\n    MachineGuid    REG_SZ    ${guid}\r\n\r\n`;
  expect(readMachineGuid(windows)).toBe(guid.replaceAll("-", ""));
  const mac = `+-o J293AP  <class IOPlatformExpertDevice>\n    {\n      "IOPlatformUUID" = "${guid.toUpperCase()}"\n    }\n`;
  expect(readPlatformUuid(mac)).toBe(guid.replaceAll("-", ""));
  expect(readMachineGuid("ERROR: The system was unable to find the specified registry key.")).toBeNull();
  expect(readPlatformUuid('"IOPlatformUUID" = "00000000-0000-0000-0000-000000000000"')).toBeNull();
});

test("what is kept in a file is there after a restart, for this user only", async () => {
  const path = join(temporaryFolder(), "state", "lumen.json");
  const storage = fileStorage(path);
  expect(await storage.get("a")).toBeNull();
  await Promise.all([storage.set("a", "1"), storage.set("b", "2"), storage.set("a", "3")]);
  expect(await fileStorage(path).get("a")).toBe("3");
  await storage.remove("a");
  await storage.remove("never there");
  expect(await fileStorage(path).get("a")).toBeNull();
  expect(await fileStorage(path).get("b")).toBe("2");
  if (process.platform !== "win32") expect(statSync(path).mode & 0o077).toBe(0);
});

test("a file that a crash or an editor spoiled counts as empty", async () => {
  const path = join(temporaryFolder(), "lumen.json");
  writeFileSync(path, '{"a": "1"');
  expect(await fileStorage(path).get("a")).toBeNull();
  await fileStorage(path).set("a", "2");
  expect(readFileSync(path, "utf8")).toBe('{"a":"2"}');
});

test("a program starts without a connection after it was online once", async () => {
  const server = await startFakeServer(issued);
  const storagePath = join(temporaryFolder(), "lumen.json");
  const options = {
    baseUrl: server.url,
    product: "lumen",
    publicKeys: [server.signer.publicKey],
    storagePath,
    now: () => issued,
    retries: 0,
  };
  expect(await createNodeClient(options).activate(licenseKey)).toMatchObject({
    source: "server",
    valid: true,
  });
  expect(server.asked[0]?.body).toMatchObject({
    platform: `${process.platform} ${process.arch}`,
    hostname: expect.stringMatching(/./),
    fingerprint: expect.stringMatching(/^([0-9a-f]{32}|[0-9a-f]{64})$/),
  });
  server.instead = () => null;
  expect(await createNodeClient(options).validate(licenseKey)).toMatchObject({ source: "file", valid: true });
  expect(readFileSync(storagePath, "utf8")).not.toContain(licenseKey);
});
