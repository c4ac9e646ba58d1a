import { defineConfig } from "vitest/config";
import { REACT_18_ALIASES, SOURCE_ALIASES } from "./tools/sources.ts";

const resolve = { alias: SOURCE_ALIASES };

/** Bounds for a busy machine. No test depends on them. */
const BOUNDS = { testTimeout: 600_000, hookTimeout: 600_000 };

const PGLITE_IMAGE = "packages/server/test/pglite-image.ts";
const PGLITE_SETUP = "packages/server/test/pglite-setup.ts";

export default defineConfig({
  test: {
    // A core that is left free would wait for the databases most of the time.
    maxWorkers: "100%",
    reporters: ["default", "./tools/totals.ts"],
    projects: [
      {
        test: { name: "tools", include: ["tools/**/*.test.ts"], environment: "node", ...BOUNDS },
      },
      {
        resolve,
        test: {
          name: "client",
          include: ["packages/client/test/**/*.test.ts"],
          environment: "node",
          ...BOUNDS,
        },
      },
      {
        resolve,
        test: {
          name: "server",
          include: ["packages/server/test/**/*.test.ts"],
          environment: "node",
          globalSetup: ["tools/postgres-setup.ts", PGLITE_IMAGE],
          setupFiles: [PGLITE_SETUP],
          ...BOUNDS,
        },
      },
      {
        resolve,
        test: {
          name: "cli",
          include: ["packages/cli/test/**/*.test.ts"],
          environment: "node",
          globalSetup: ["tools/postgres-setup.ts", PGLITE_IMAGE],
          setupFiles: [PGLITE_SETUP],
          ...BOUNDS,
        },
      },
      {
        resolve,
        test: {
          name: "ai",
          include: ["packages/ai/test/**/*.test.ts"],
          environment: "node",
          globalSetup: [PGLITE_IMAGE],
          setupFiles: [PGLITE_SETUP],
          ...BOUNDS,
        },
      },
      {
        resolve,
        test: {
          name: "react",
          include: ["packages/react/src/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          env: { REACT_MAJOR: "19" },
          ...BOUNDS,
        },
      },
      {
        resolve: { alias: [...SOURCE_ALIASES, ...REACT_18_ALIASES] },
        test: {
          name: "react-18",
          include: ["packages/react/src/**/*.test.tsx"],
          environment: "happy-dom",
          env: { REACT_MAJOR: "18" },
          // It imports React itself, and aliases apply to inlined modules only.
          server: { deps: { inline: [/@testing-library\/react/] } },
          ...BOUNDS,
        },
      },
      {
        resolve,
        test: {
          name: "demo",
          include: ["apps/demo/**/*.test.{ts,tsx}"],
          environment: "node",
          globalSetup: [PGLITE_IMAGE],
          setupFiles: [PGLITE_SETUP],
          ...BOUNDS,
        },
      },
      {
        test: {
          name: "packed",
          include: ["packed/*.test.ts"],
          environment: "node",
          ...BOUNDS,
        },
      },
      {
        test: {
          name: "frameworks",
          include: ["packed/frameworks/*.test.ts"],
          environment: "node",
          globalSetup: ["tools/postgres-setup.ts"],
          ...BOUNDS,
        },
      },
      {
        test: {
          name: "bench",
          include: ["bench/test/**/*.test.ts"],
          environment: "node",
          ...BOUNDS,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          environment: "node",
          ...BOUNDS,
        },
      },
      {
        resolve,
        test: {
          name: "torture",
          include: ["torture/test/**/*.test.ts"],
          environment: "node",
          // It needs both the time and the cores, so it runs after all others, and one file at a time.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
          testTimeout: 600_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
