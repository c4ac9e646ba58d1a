import { fileURLToPath } from "node:url";

/** The sources of the packages, by what imports name. Tests and the demo use them instead of the built files. */
const SOURCES: Readonly<Record<string, string>> = {
  "@credit-activity/ai": "packages/ai/src/index.ts",
  "@credit-activity/api-types": "tools/api-types/src/generate.ts",
  "@credit-activity/client": "packages/client/src/index.ts",
  "@credit-activity/react": "packages/react/src/index.ts",
  "@credit-activity/react/styles.css": "packages/react/src/styles.css",
  "@credit-activity/server": "packages/server/src/index.ts",
  "@credit-activity/server/node": "packages/server/src/node/server.ts",
  "credit-activity/reference": "packages/cli/src/reference.ts",
};

/** Aliases of Vite that lead imports of the packages to their sources. */
export const SOURCE_ALIASES = Object.entries(SOURCES).map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(`../${file}`, import.meta.url)),
}));
