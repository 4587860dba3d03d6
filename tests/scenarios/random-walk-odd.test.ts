import { declareWalks } from "#tests/scenarios/random-walk-seeds.ts";

await declareWalks(1);
