import { defineConfig } from "vitest/config";

// The packages are tested from their sources: the "source" condition in their exports points there.
const resolve = { conditions: ["source"] };
const ssr = { resolve: { conditions: ["source"] } };

export default defineConfig({
  test: {
    reporters: ["default", "./tools/totals.ts"],
    projects: [
      {
        test: { name: "tools", include: ["tools/**/*.test.ts"], environment: "node" },
      },
      {
        resolve,
        ssr,
        test: { name: "client", include: ["packages/client/test/**/*.test.ts"], environment: "node" },
      },
      {
        resolve,
        ssr,
        test: {
          name: "server",
          include: ["packages/server/test/**/*.test.ts"],
          environment: "node",
          globalSetup: ["tools/postgres-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        test: {
          name: "react",
          include: ["packages/react/src/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "demo",
          include: ["apps/demo/**/*.test.{ts,tsx}"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "bench",
          include: ["bench/test/**/*.test.ts"],
          environment: "node",
          testTimeout: 240_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "torture",
          include: ["torture/test/**/*.test.ts"],
          environment: "node",
          // It needs both the time and the cores, so it runs after all others.
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
