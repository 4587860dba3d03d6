import type { TestProject } from "vitest/node";
import { startTestDatabaseServer } from "#tests/setup/database.ts";

/** Starts one database server for all test files; the function it returns ends it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, stop } = await startTestDatabaseServer();
  project.provide("testDatabaseServer", server);
  return stop;
}
