import { findAppRouter, findImporter, findSource } from "./places.js";

/** A file that `init` writes. */
export interface TemplateFile {
  /** Path of the template. */
  readonly from: string;
  /** Path in the project, below its place. */
  readonly to: string;
}

/** A step that is left to the developer: a sentence, and the rows to add. */
export interface Step {
  readonly sentence: string;
  readonly rows: readonly string[];
}

/** Files that have one place. */
export interface FileGroup {
  /** Packages that the files import. */
  readonly packages: readonly string[];
  /** Returns the directory of the files in a project. */
  readonly findPlace: (directory: string) => Promise<string>;
  readonly files: readonly TemplateFile[];
  /** Steps that are left to the developer. */
  readonly steps: readonly Step[];
}

/** A framework that `init` writes files for. */
export interface Framework extends FileGroup {
  readonly name: string;
  /** Package whose presence in a package.json means that a project has the framework. */
  readonly dependency: string;
}

const SERVER = "@credit-activity/server";
const REACT = "@credit-activity/react";

/** Returns the step that charges for work. */
function toCharge(account: string): Step {
  return {
    sentence: "Charge for work, where your app does it:",
    rows: [
      "const ledger = await getLedger();",
      `await ledger.spend(await ${account}, { credits: "5", description: "Report" });`,
    ],
  };
}

/** Returns the framework of a Node server, whose page is built by another tool. */
function toServer(name: string, dependency: string, mount: string): Framework {
  return {
    name,
    dependency,
    packages: [SERVER],
    findPlace: (directory) => findImporter(directory, dependency),
    files: [{ from: `${dependency}/credits.js`, to: "credits.js" }],
    steps: [
      {
        sentence: "Mount the ledger in your server:",
        rows: ['import { credits, getAccount, getLedger } from "./credits.js";', mount],
      },
      toCharge("getAccount(request)"),
    ],
  };
}

/** The frameworks, in the order in which they are looked for. A project of Next.js may depend on Express too. */
export const FRAMEWORKS: readonly Framework[] = [
  {
    name: "Next.js",
    dependency: "next",
    packages: [SERVER, REACT],
    findPlace: findAppRouter,
    files: [
      "lib/credits.ts",
      "app/api/credits/[...path]/route.ts",
      "app/credits/actions.ts",
      "app/credits/page.tsx",
    ].map((file) => ({ from: `next/${file}`, to: file })),
    steps: [toCharge("getAccount()")],
  },
  {
    name: "React Router",
    dependency: "@react-router/dev",
    packages: [SERVER, REACT],
    findPlace: async () => "",
    files: ["app/credits.server.ts", "app/routes/credits-api.ts", "app/routes/credits.tsx"].map((file) => ({
      from: `react-router/${file}`,
      to: file,
    })),
    steps: [
      {
        sentence: "Add the routes to app/routes.ts:",
        rows: ['route("api/credits/*", "routes/credits-api.ts"),', 'route("credits", "routes/credits.tsx"),'],
      },
      toCharge("getAccount(request)"),
    ],
  },
  toServer("Fastify", "fastify", 'app.register(credits, { prefix: "/api/credits" });'),
  toServer("Hono", "hono", 'app.route("/api/credits", credits);'),
  toServer("Express", "express", 'app.use("/api/credits", credits);'),
];

/** The page for a project that has React and a server of Node. */
const CLIENT_PAGE: FileGroup = {
  packages: [REACT],
  findPlace: findSource,
  files: [{ from: "client/credits-page.jsx", to: "credits-page.jsx" }],
  steps: [
    {
      sentence: "Show the page in your settings:",
      rows: ['import { CreditsPage } from "./credits-page";', "<CreditsPage />"],
    },
  ],
};

/**
 * Returns the files of a project: those of its framework, and a page if it has React, or the package of the page, and the
 * framework has none.
 */
export function toFileGroups(framework: Framework, dependencies: ReadonlySet<string>): readonly FileGroup[] {
  const needsPage =
    (dependencies.has("react") || dependencies.has(REACT)) && !framework.packages.includes(REACT);
  return needsPage ? [framework, CLIENT_PAGE] : [framework];
}
