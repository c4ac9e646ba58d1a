/** An app outside of this repository, of one framework. */
export interface OutsideApp {
  /** Directories of its files, below `apps`. Later ones win. */
  readonly sources: readonly string[];
  /** True if it has its credits in PostgreSQL. Others have the embedded database. */
  readonly isOnPostgres?: boolean;
  /** The part that `init` leaves to the developer. Null if it leaves none. */
  readonly followed: Followed | null;
}

/** A file in which the developer follows `init`, with rows in the places of comments. */
interface Followed {
  readonly file: string;
  readonly rows: Readonly<Record<string, string>>;
}

const IMPORTED = 'import { credits, getAccount, getLedger } from "./credits.js";';
const REQUIRED = 'const { credits, getAccount, getLedger } = require("./credits.mjs");';

/** Follows `init` in the file of a server. */
function followServer(file: string, mount: string, loaded = IMPORTED): Followed {
  return { file, rows: { "\n// import": loaded, "// mount": mount } };
}

/** The apps by their framework. */
export const APPS = {
  next: { sources: ["next"], followed: null },
  // webpack, and the files that are traced for a container.
  "next-standalone": { sources: ["next", "next-standalone"], isOnPostgres: true, followed: null },
  "react-router": {
    sources: ["react-router"],
    followed: {
      file: "app/routes.ts",
      rows: {
        "// routes":
          'route("api/credits/*", "routes/credits-api.ts"),\n  route("credits", "routes/credits.tsx"),',
      },
    },
  },
  express: {
    sources: ["client", "express"],
    followed: followServer("server.ts", 'app.use("/api/credits", credits);'),
  },
  hono: {
    sources: ["client", "hono"],
    followed: followServer("server.ts", 'app.route("/api/credits", credits);'),
  },
  fastify: {
    // CommonJS.
    sources: ["client", "fastify"],
    followed: followServer("server.js", 'app.register(credits, { prefix: "/api/credits" });', REQUIRED),
  },
} as const satisfies Record<string, OutsideApp>;

export type AppName = keyof typeof APPS;

export const APP_NAMES = Object.keys(APPS) as AppName[];

/**
 * Returns the content of a file with the rows of its developer.
 *
 * @throws Error if the file has no place for them
 */
export function follow({ file, rows }: Followed, content: string): string {
  let followed = content;
  for (const [mark, replacement] of Object.entries(rows)) {
    if (!followed.includes(mark)) throw new Error(`${file} has no ${mark}.`);
    followed = followed.replace(mark, replacement);
  }
  return followed;
}
