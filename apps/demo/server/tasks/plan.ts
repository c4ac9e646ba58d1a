import type { DemoProject } from "../demo-accounts.js";
import { haiku, type Model, opus, sonnet } from "../seed/catalog.js";

/** A step of a task: a call of a model, or a step of a build. */
export interface PlannedStep {
  readonly kind: "ai" | "build";
  readonly label: string;
  readonly model: Model | null;
  /** The charge, in hundredths of a credit. */
  readonly cents: number;
  /** The charge before a discount, or null if there is none. */
  readonly originalCents: number | null;
  readonly durationMs: number;
}

/** The steps of a task, and its title. */
export interface TaskPlan {
  readonly title: string;
  readonly steps: readonly PlannedStep[];
}

const TITLE_CHARS_MAX = 48;

const WORK: Readonly<Record<string, { readonly title: string; readonly parts: readonly string[] }>> = {
  storefront: {
    title: "Landing page rewrite",
    parts: ["hero", "product grid", "prices", "newsletter form", "footer"],
  },
  returns: {
    title: "Self-service returns",
    parts: ["order lookup", "item picker", "reason form", "shipping label", "desk view"],
  },
  stock: {
    title: "Weekly stock view",
    parts: ["week grid", "run-out forecast", "warnings", "purchase order draft", "supplier list"],
  },
  portfolio: {
    title: "First version",
    parts: ["photo grid", "piece pages", "price request form", "about page", "navigation"],
  },
};

/** Plans a task. The project gives the steps. The title is the beginning of the prompt, unless that is the project's. */
export function planTask(project: DemoProject, prompt: string): TaskPlan {
  const { title, parts } = WORK[project.id] ?? { title: project.name, parts: ["page"] };
  const vary = createVariation();
  const call = (label: string, model: Model, cents: number): PlannedStep => {
    const base = Math.round((cents * vary()) / 5) * 5;
    // Sonnet has a discount of 20 %. Multiples of five hundredths keep it exact.
    const isReduced = model === sonnet;
    return {
      kind: "ai",
      label,
      model,
      cents: isReduced ? (base / 5) * 4 : base,
      originalCents: isReduced ? base : null,
      durationMs: Math.round(720 * vary()),
    };
  };
  const buildStep = (label: string, cents: number): PlannedStep => ({
    kind: "build",
    label,
    model: null,
    cents: Math.round(cents * vary()),
    originalCents: null,
    durationMs: Math.round(1_150 * vary()),
  });

  const steps = [
    call("Read the project and the prompt", haiku, 40),
    call("Plan the change", opus, 260),
    ...parts.flatMap((part, index) => [
      call(`Draft the ${part}`, sonnet, 165),
      call(`Style the ${part}`, sonnet, 120),
      ...(index % 2 === 0 ? [call(`Test the ${part}`, haiku, 45)] : []),
      call(`Review the ${part}`, sonnet, 90),
      ...(index % 2 === 1
        ? [buildStep("Type-check and bundle", 240), buildStep("Render the preview", 310)]
        : []),
    ]),
    call("Check contrast and keyboard use", haiku, 55),
    buildStep("Run the tests", 380),
    buildStep("Publish the preview", 420),
    call("Write the summary", sonnet, 70),
  ];
  return { title: prompt === project.prompt ? title : toTitle(prompt), steps };
}

function toTitle(prompt: string): string {
  const line = prompt.split(/[\n.!?]/, 1)[0]?.trim() ?? "";
  if (line === "") return "Custom task";
  const chars = [...line];
  if (chars.length <= TITLE_CHARS_MAX) return line;
  const cut = chars.slice(0, TITLE_CHARS_MAX).join("");
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), TITLE_CHARS_MAX / 2)).trimEnd()}…`;
}

/** Creates a generator of factors around 1, so that runs differ. */
function createVariation(): () => number {
  return () => 0.75 + Math.random() * 0.5;
}
