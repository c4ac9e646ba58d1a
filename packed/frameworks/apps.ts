import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** An app outside of this repository, of one framework. */
export interface OutsideApp {
  /** Directories of its files, below `apps`. Later ones win. */
  readonly sources: readonly string[];
  /** True if it has its credits in PostgreSQL. Others have the embedded database. */
  readonly isOnPostgres?: boolean;
  /** Does what `init` leaves to the developer. */
  follow(directory: string): Promise<void>;
}

const nothing = async () => {};

/** Puts rows in the place of a comment in a file. */
function replace(file: string, marks: Readonly<Record<string, string>>): OutsideApp["follow"] {
  return async (directory) => {
    const full = path.join(directory, file);
    let content = await readFile(full, "utf8");
    for (const [mark, rows] of Object.entries(marks)) {
      if (!content.includes(mark)) throw new Error(`${file} has no ${mark}.`);
      content = content.replace(mark, rows);
    }
    await writeFile(full, content);
  };
}

const IMPORT = 'import { credits, getAccount, getLedger } from "./credits.js";';

/** The apps by their framework. */
export const APPS = {
  next: { sources: ["next"], follow: nothing },
  // webpack, and the files that are traced for a container.
  "next-standalone": { sources: ["next", "next-standalone"], isOnPostgres: true, follow: nothing },
  "react-router": {
    sources: ["react-router"],
    follow: replace("app/routes.ts", {
      "// routes":
        'route("api/credits/*", "routes/credits-api.ts"),\n  route("credits", "routes/credits.tsx"),',
    }),
  },
  express: {
    sources: ["client", "express"],
    follow: replace("server.ts", {
      "\n// import": IMPORT,
      "// mount": 'app.use("/api/credits", credits);',
    }),
  },
  hono: {
    sources: ["client", "hono"],
    follow: replace("server.ts", {
      "\n// import": IMPORT,
      "// mount": 'app.route("/api/credits", credits);',
    }),
  },
  fastify: {
    sources: ["client", "fastify"],
    follow: replace("server.js", {
      "\n// import": IMPORT,
      "// mount": 'app.register(credits, { prefix: "/api/credits" });',
    }),
  },
} as const satisfies Record<string, OutsideApp>;

export type AppName = keyof typeof APPS;

export const APP_NAMES = Object.keys(APPS) as AppName[];
