import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

/** A rule of accessibility that a page breaks, as axe-core found it. */
export interface AccessibilityViolation {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  readonly elements: readonly { readonly selector: string; readonly why: string }[];
}

const instead = "Install Chromium or Chrome, or set CHROMIUM_PATH to the program of one.";

// The tests' pages are on this machine; whatever else a browser looks for on the network would only delay it.
const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts a headless Chromium with a new, empty profile. It is the one at CHROMIUM_PATH, else one installed on the
 * system, else (on Linux, x64) the one of an npm package, which brings its libraries and a font along.
 */
export async function launchBrowser(): Promise<Browser> {
  const { program, env } = await findBrowser();
  try {
    // Playwright turns the sandbox off, which root needs; the pages opened are the project's own.
    return await chromium.launch({ executablePath: program, headless: true, args: flags, env });
  } catch (error) {
    throw new Error(`The browser ${program} did not start. ${instead}`, { cause: error });
  }
}

/** The rules of WCAG 2.2 A and AA and of good practice that the page breaks in its present state. */
export async function checkAccessibility(page: Page): Promise<AccessibilityViolation[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate(async (): Promise<axe.AxeResults> => {
    const injected = (window as unknown as { axe: typeof axe }).axe;
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return await injected.run(document, {
      runOnly: { type: "tag", values: tags },
      resultTypes: ["violations"],
    });
  });
  return results.violations.map((violation) => ({
    rule: violation.id,
    impact: violation.impact ?? "unknown",
    help: violation.help,
    elements: violation.nodes.map((node) => ({
      selector: node.target.join(" "),
      why: node.failureSummary ?? "",
    })),
  }));
}

interface FoundBrowser {
  readonly program: string;
  readonly env: Record<string, string>;
}

async function findBrowser(): Promise<FoundBrowser> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  const given = process.env.CHROMIUM_PATH;
  if (given !== undefined && given !== "") {
    if (existsSync(given)) return { program: given, env };
    throw new Error(`There is no file ${given}, which CHROMIUM_PATH names. Correct it, or unset it.`);
  }
  const installed = systemBrowsers().find((program) => existsSync(program));
  if (installed !== undefined) return { program: installed, env };
  if (platform() !== "linux" || arch() !== "x64") {
    throw new Error(`No Chromium was found, and npm has none for ${platform()} on ${arch()}. ${instead}`);
  }
  const directory = await unpackedBrowser();
  const libraries = [join(directory, "al2023", "lib"), env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  const own = { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(directory, "fonts.conf") };
  return { program: join(directory, "chromium"), env: { ...env, ...own } };
}

function systemBrowsers(): string[] {
  switch (platform()) {
    case "darwin":
      return ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
    case "win32":
      return [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
        .filter((directory) => directory !== undefined)
        .map((directory) => join(directory, "Google", "Chrome", "Application", "chrome.exe"));
    default:
      return ["chromium", "google-chrome-stable", "google-chrome"].map((name) => `/usr/bin/${name}`);
  }
}

/**
 * Returns the directory with the npm package's browser, which the first call unpacks beside the packages. Processes that
 * unpack it at once do so under separate names, and one of them gives its directory the common name.
 */
async function unpackedBrowser(): Promise<string> {
  const packaged = dirname(dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium"))));
  const { version } = JSON.parse(await readFile(join(packaged, "package.json"), "utf8")) as {
    version: string;
  };
  const packages = packaged.slice(0, packaged.lastIndexOf(`${sep}node_modules${sep}`));
  const cache = join(packages, "node_modules", ".cache");
  const directory = join(cache, `chromium-${version}`);
  if (existsSync(directory)) return directory;
  try {
    await mkdir(cache, { recursive: true });
    const own = await mkdtemp(`${directory}-`);
    await unpack(own);
    await writeFile(join(own, "fonts.conf"), fontSettings(directory));
    await rename(own, directory).catch(async (error: unknown) => {
      if (!existsSync(directory)) throw error;
      await rm(own, { recursive: true, force: true });
    });
    return directory;
  } catch (error) {
    throw new Error(
      `Chromium could not be unpacked into ${cache}. Make that directory writable. Or: ${instead}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Unpacks the package into the directory. It unpacks itself into the directory for temporary files, and all its libraries
 * only on AWS Lambda. So a process with such an environment does it.
 */
async function unpack(directory: string): Promise<void> {
  const script = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    env: { ...process.env, TMPDIR: directory, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x", NODE_OPTIONS: "" },
  });
}

/** Settings for fonts: the system's, where it has any, and the package's font to fall back on. */
function fontSettings(directory: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${directory}/fonts/fonts</dir>
  <cachedir>${directory}/font-cache</cachedir>
</fontconfig>
`;
}
