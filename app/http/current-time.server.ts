export { currentTime } from "#app/infra/clock.server.ts";
