import type { GrantInput, Ledger } from "@credit-activity/client";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type DemoAccount, type DemoProject, demoAccounts, findAccount } from "./demo-accounts.js";
import { createGuard, toRefusal } from "./guard.js";
import type { TaskRunner } from "./tasks/runner.js";

const BODY_BYTES_MAX = 16_384;
const PROMPT_CHARS_MAX = 2_000;
const TOKEN_SECONDS = 900;

export interface RouteOptions {
  readonly ledger: Ledger;
  readonly runner: TaskRunner;
  readonly host: string;
}

/** Makes the routes of the demo product's backend: its accounts, tokens for the page, and tasks. */
export function createDemoRoutes({ ledger, runner, host }: RouteOptions): Hono {
  const routes = new Hono();
  routes.use(createGuard(host));
  routes.use(
    bodyLimit({
      maxSize: BODY_BYTES_MAX,
      onError: (context) => context.json(toRefusal("The body is too long. Shorten it."), 413),
    }),
  );
  routes.use(async (context, next) => {
    await next();
    context.header("Cache-Control", "no-store");
  });

  routes.get("/accounts", (context) => context.json({ accounts: demoAccounts }));

  // A product would take the account from the session here.
  routes.post("/token", async (context) => {
    const account = findAccount((await readBody(context.req)).account);
    if (account === null) return context.json(NO_ACCOUNT, 404);
    return context.json(await ledger.createToken(account.account, { expiresIn: TOKEN_SECONDS }));
  });

  routes.get("/tasks", (context) => {
    const account = findAccount(context.req.query("account"));
    const project = findProject(account, context.req.query("project"));
    if (account === null || project === null) return context.json(NO_PROJECT, 404);
    return context.json(viewTasks(runner, account, project));
  });

  routes.post("/tasks", async (context) => {
    const { account: accountId, project: projectId, action, prompt } = await readBody(context.req);
    const account = findAccount(accountId);
    const project = findProject(account, projectId);
    if (account === null || project === null) return context.json(NO_PROJECT, 404);
    const refusal = await act(runner, account, project, action, prompt);
    if (refusal !== null) return context.json(toRefusal(refusal), 400);
    return context.json(viewTasks(runner, account, project));
  });

  // Takes the place of a checkout, so that an account without credits can continue.
  routes.post("/credits", async (context) => {
    const { account: accountId, order } = await readBody(context.req);
    const account = findAccount(accountId);
    if (account === null) return context.json(NO_ACCOUNT, 404);
    if (typeof order !== "string" || !/^[\w-]{8,64}$/.test(order)) {
      return context.json(
        toRefusal("The order is not an id. Use 8 to 64 letters, digits, dashes and underscores."),
        400,
      );
    }
    return context.json(await ledger.grant(account.account, toPack(order), { key: `order:${order}` }));
  });
  return routes;
}

const NO_ACCOUNT = toRefusal("The demo has no such account. Choose one of its accounts.");
const NO_PROJECT = toRefusal("The demo has no such project. Choose one of the account's projects.");

async function readBody(request: { json(): Promise<unknown> }): Promise<Readonly<Record<string, unknown>>> {
  const body = await request.json().catch(() => null);
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

function findProject(account: DemoAccount | null, id: unknown): DemoProject | null {
  return account?.projects.find((project) => project.id === id) ?? null;
}

/** Returns the task of a project, and the states of all tasks of the account. */
function viewTasks(runner: TaskRunner, account: DemoAccount, project: DemoProject) {
  return {
    states: Object.fromEntries(
      account.projects.map((one) => [one.id, runner.view(account, one)?.state ?? "idle"]),
    ),
    task: runner.view(account, project),
  };
}

/** Makes the grant of an order. */
function toPack(order: string): GrantInput {
  const number = Number.parseInt(order.replace(/\D/g, "").slice(0, 4) || "1", 10);
  return {
    kind: "purchase",
    credits: "100",
    description: "Credit pack · 100 credits",
    source: { type: "purchase", id: order, label: `Purchase #${5_000 + (number % 5_000)}` },
  };
}

/** Carries out an action of the page. Returns the reason if it can't, else null. An action without effect is fine. */
async function act(
  runner: TaskRunner,
  account: DemoAccount,
  project: DemoProject,
  action: unknown,
  prompt: unknown,
): Promise<string | null> {
  const task = runner.find(account, project);
  switch (action) {
    case "start":
      if (typeof prompt !== "string" || prompt.trim() === "") {
        return "The prompt is empty. Describe what to build.";
      }
      if (prompt.length > PROMPT_CHARS_MAX) {
        return `The prompt is too long. Shorten it to ${PROMPT_CHARS_MAX} characters.`;
      }
      runner.start(account, project, prompt.trim());
      return null;
    case "pause":
      await task?.pause();
      return null;
    case "resume":
      task?.resume();
      return null;
    case "stop":
      await task?.stop();
      return null;
    default:
      return "The action is unknown. Use start, pause, resume or stop.";
  }
}
