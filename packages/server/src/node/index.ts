export { toNodeHandler } from "./handler.js";
export { BACKLOG_MAX, createServer } from "./server.js";
