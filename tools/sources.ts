import { fileURLToPath } from "node:url";

/** The sources of the packages, by what imports name. Tests and the demo use them instead of the built files. */
const SOURCES: Readonly<Record<string, string>> = {
  "@credit-activity/ai": "packages/ai/src/index.ts",
  "@credit-activity/api-types": "tools/api-types/src/generate.ts",
  "@credit-activity/client": "packages/client/src/index.ts",
  "@credit-activity/react": "packages/react/src/index.ts",
  "@credit-activity/react/styles.css": "packages/react/src/styles.css",
  "@credit-activity/server": "packages/server/src/index.ts",
  "@credit-activity/server/next": "packages/server/src/next/index.ts",
  "@credit-activity/server/node": "packages/server/src/node/index.ts",
  "credit-activity/reference": "packages/cli/src/reference.ts",
};

/** Aliases of Vite that lead imports of the packages to their sources. */
export const SOURCE_ALIASES = Object.entries(SOURCES).map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: toPath(file),
}));

/** Aliases of Vite that lead imports of React 19 to React 18, also those of the testing library. */
export const REACT_18_ALIASES = [
  ...["react", "react-dom"].map((name) => ({
    find: new RegExp(`^${name}(?=/|$)`),
    replacement: toPath(`tools/react-18/node_modules/${name}`),
  })),
  // Vite leads the imports of ES modules only.
  {
    find: /^@testing-library\/react$/,
    replacement: toPath("node_modules/@testing-library/react/dist/@testing-library/react.esm.js"),
  },
];

function toPath(file: string): string {
  return fileURLToPath(new URL(`../${file}`, import.meta.url));
}
