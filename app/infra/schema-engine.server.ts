import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm";
import type pg from "pg";
import { errorCode, errorText } from "./database-start-error.server.ts";

/** Runs one script of the engine, as a whole. */
export type ScriptRunner = (script: string) => Promise<void>;

export const noFilters = { externalTables: [], externalEnums: [] };

/**
 * Prisma's schema engine, compiled to WebAssembly, working over `pool`. It costs some twenty milliseconds to load, so
 * callers ask only when there is something to do. Close it with `free()`.
 *
 * Scripts go through `runScript`: the adapter's own way cuts them at every semicolon, also inside function bodies, and
 * sends the pieces one by one, which is neither correct nor atomic.
 */
export async function openSchemaEngine(pool: pg.Pool, runScript: ScriptRunner): Promise<SchemaEngine> {
  const adapters = new PrismaPg(pool);
  const factory: SqlMigrationAwareDriverAdapterFactory = {
    provider: adapters.provider,
    adapterName: adapters.adapterName,
    connect: async () => repairAdapter(await adapters.connect(), pool, runScript),
    connectToShadowDb: () => Promise.reject(new Error("migrations are compared without a shadow database")),
  };
  const { SchemaEngine } = await loadEngine();
  return SchemaEngine.new(
    { datamodels: undefined },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

type EngineModule = typeof import("@prisma/schema-engine-wasm/schema_engine_bg");
let engineModule: Promise<EngineModule> | undefined;

/** The package's own entry imports its .wasm file as a module, which Node 20 does not do. */
function loadEngine(): Promise<EngineModule> {
  engineModule ??= (async () => {
    const glue: EngineModule = await import("@prisma/schema-engine-wasm/schema_engine_bg");
    const file = createRequire(import.meta.url)
      .resolve("@prisma/schema-engine-wasm/schema_engine_bg")
      .replace(/\.js$/, ".wasm");
    const imports = { "./schema_engine_bg.js": { ...glue, ...timersThatLetGo(glue) } };
    const { instance } = await WebAssembly.instantiate(await readFile(file), imports);
    glue.__wbg_set_wasm(instance.exports);
    const begin = instance.exports.__wbindgen_start;
    if (typeof begin === "function") begin();
    return glue;
  })();
  return engineModule;
}

/** The engine limits some waits with a timer it never clears, which would keep a finished command alive for ten seconds. */
function timersThatLetGo(glue: EngineModule) {
  const names = Object.keys(glue).filter((name) => name.startsWith("__wbg_setTimeout_"));
  const start = (run: () => void, milliseconds: number) => setTimeout(run, milliseconds).unref();
  return Object.fromEntries(names.map((name) => [name, start]));
}

function repairAdapter(adapter: SqlDriverAdapter, pool: pg.Pool, runScript: ScriptRunner): SqlDriverAdapter {
  const charColumns = readCharAsText(pool);
  const queryRaw = adapter.queryRaw.bind(adapter);
  return Object.assign(adapter, {
    executeScript: async (script: string) => {
      try {
        await runScript(script);
      } catch (error) {
        throw new DriverAdapterError({
          kind: "postgres",
          code: errorCode(error) || "XX000",
          severity: "ERROR",
          message: errorText(error),
          detail: undefined,
          column: undefined,
          hint: undefined,
        });
      }
    },
    queryRaw: async (query: Parameters<typeof queryRaw>[0]) => {
      const result = await queryRaw(query);
      const isChar = result.columnNames.map((name) => charColumns.has(name));
      const columnTypes = result.columnTypes.map((type, i) => (isChar[i] ? ColumnTypeEnum.Character : type));
      return { ...result, columnTypes };
    },
  });
}

/**
 * The catalog's one-byte type "char" (oid 18), which the engine asks for when it describes a schema, is refused by the
 * adapter. It is presented to it as text, and the names of such columns are kept for the engine.
 */
function readCharAsText(pool: pg.Pool): Set<string> {
  const names = new Set<string>();
  const query: (...args: unknown[]) => Promise<pg.QueryResult> = pool.query.bind(pool);
  Object.assign(pool, {
    query: async (...args: unknown[]) => {
      const result = await query(...args);
      for (const field of result.fields ?? []) {
        if (field.dataTypeID !== 18) continue;
        names.add(field.name);
        field.dataTypeID = 25;
      }
      return result;
    },
  });
  return names;
}

/** The engine reads no files: it is given the folder's content. */
export function migrationList(folder: string, migrations: { name: string; script: string }[]): MigrationList {
  return {
    baseDir: folder,
    lockfile: { path: "./migration_lock.toml", content: 'provider = "postgresql"\n' },
    shadowDbInitScript: "",
    migrationDirectories: migrations.map(({ name, script }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: script } },
    })),
  };
}
