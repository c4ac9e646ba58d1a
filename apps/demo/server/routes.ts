import { amount, type CreditsClient } from "@credit-activity/client";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type DemoAccount, type DemoProject, demoAccounts, findAccount } from "./demo-accounts.js";
import { guard, refusal } from "./guard.js";
import type { TaskRunner } from "./tasks/runner.js";

const BODY_BYTES_MAX = 16_384;
const PROMPT_CHARS_MAX = 2_000;
const TOKEN_SECONDS = 900;

/** What the demo's routes work with. */
export interface RouteOptions {
  readonly client: CreditsClient;
  readonly runner: TaskRunner;
  readonly host: string;
}

/** The demo product's own backend: who can be signed in, tokens for the page, and tasks. */
export function demoRoutes({ client, runner, host }: RouteOptions): Hono {
  const routes = new Hono();
  routes.use(guard(host));
  routes.use(
    bodyLimit({ maxSize: BODY_BYTES_MAX, onError: (c) => c.json(refusal("That is too long."), 413) }),
  );
  routes.use(async (context, next) => {
    await next();
    context.header("Cache-Control", "no-store");
  });

  routes.get("/accounts", (context) => context.json({ accounts: demoAccounts }));

  // In a product this is where the session says whose token it may be.
  routes.post("/token", async (context) => {
    const account = findAccount((await bodyOf(context.req)).account);
    if (account === null) return context.json(refusal("The demo has no such account."), 404);
    return context.json(await client.createToken(account.account, { expires_in: TOKEN_SECONDS }));
  });

  routes.get("/tasks", (context) => {
    const account = findAccount(context.req.query("account"));
    const project = projectOf(account, context.req.query("project"));
    if (account === null || project === null)
      return context.json(refusal("The demo has no such project."), 404);
    return context.json(tasksOf(runner, account, project));
  });

  routes.post("/tasks", async (context) => {
    const { account: accountId, project: projectId, action, prompt } = await bodyOf(context.req);
    const account = findAccount(accountId);
    const project = projectOf(account, projectId);
    if (account === null || project === null)
      return context.json(refusal("The demo has no such project."), 404);
    const refused = await act(runner, account, project, action, prompt);
    if (refused !== null) return context.json(refusal(refused), 400);
    return context.json(tasksOf(runner, account, project));
  });

  // Stands in for a checkout, so that an account that has run dry can go on.
  routes.post("/credits", async (context) => {
    const { account: accountId, order } = await bodyOf(context.req);
    const account = findAccount(accountId);
    if (account === null) return context.json(refusal("The demo has no such account."), 404);
    if (typeof order !== "string" || !/^[\w-]{8,64}$/.test(order)) {
      return context.json(refusal("Give the order an id of 8 to 64 letters, digits and dashes."), 400);
    }
    const number = Number.parseInt(order.replace(/\D/g, "").slice(0, 4) || "1", 10);
    const source = { type: "purchase", id: order, label: `Purchase #${5_000 + (number % 5_000)}` };
    const pack = {
      kind: "purchase",
      credits: amount("100"),
      description: "Credit pack · 100 credits",
      source,
    } as const;
    return context.json(await client.grant(account.account, pack, { key: `order:${order}` }));
  });
  return routes;
}

async function bodyOf(request: { json(): Promise<unknown> }): Promise<Readonly<Record<string, unknown>>> {
  const body = await request.json().catch(() => null);
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

function projectOf(account: DemoAccount | null, id: unknown): DemoProject | null {
  return account?.projects.find((project) => project.id === id) ?? null;
}

/** The task of a project in full, and where those of the account's other projects stand. */
function tasksOf(runner: TaskRunner, account: DemoAccount, project: DemoProject) {
  return {
    states: Object.fromEntries(
      account.projects.map((one) => [one.id, runner.view(account, one)?.state ?? "idle"]),
    ),
    task: runner.view(account, project),
  };
}

/** Carries out what the page asks for, or says why it can't. What is so already is no error. */
async function act(
  runner: TaskRunner,
  account: DemoAccount,
  project: DemoProject,
  action: unknown,
  prompt: unknown,
): Promise<string | null> {
  const task = runner.find(account, project);
  switch (action) {
    case "start": {
      if (typeof prompt !== "string" || prompt.trim() === "") return "Say what to build first.";
      if (prompt.length > PROMPT_CHARS_MAX) return `A prompt has at most ${PROMPT_CHARS_MAX} characters.`;
      await runner.start(account, project, prompt.trim());
      return null;
    }
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
      return "A task can be started, paused, resumed and stopped.";
  }
}
