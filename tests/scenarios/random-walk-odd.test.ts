import { declareWalks } from "#tests/scenarios/random-walk-seeds.ts";

await declareWalks("S100 random walk", 1);
