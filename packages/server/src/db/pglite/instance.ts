import type { PGlite, PGliteOptions } from "@electric-sql/pglite";
import { DatabaseError } from "../errors.js";
import { PARSERS } from "../types.js";

/** Severities of errors after which PostgreSQL would end the process. */
const FATAL: ReadonlySet<unknown> = new Set(["FATAL", "PANIC"]);

/** Codes of the errors of a package that is not installed, for import and require. */
const NOT_FOUND: ReadonlySet<string> = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);

/** Matches the reason that PostgreSQL logs when it can't start. */
const REASON = /(?:FATAL|PANIC): +(.+)/;

/**
 * PostgreSQL reports the progress of a recovery by a timer. When the recovery fails, the timer would keep the process
 * alive.
 */
const WITHOUT_TIMER = ["-c", "log_startup_progress_interval=0"];

/** Shared buffers. The default of 128 MB is in the memory of this process from the start. */
const SMALL = ["-c", "shared_buffers=16MB"];

/**
 * A PGlite that stops when PostgreSQL has panicked, such as on a full disk while it writes its log. PGlite returns the error
 * and goes on, but the locks of the failed statement stay. The next statement would wait for them without an end, and
 * keep the whole process busy with that.
 */
export interface Instance extends PGlite {
  /** The error with which all statements fail now, or null. */
  readonly failure: DatabaseError | null;
  /**
   * Leaves the database as a killed process does, without another write. What was committed is in its files.
   *
   * @param reason the error with which statements fail from now on
   */
  abandon(reason: DatabaseError): void;
}

/** Makes the class of instances, once PGlite is loaded. */
function toInstanceClass(base: typeof PGlite): new (options: PGliteOptions) => Instance {
  return class extends base implements Instance {
    #failure: DatabaseError | null = null;

    get failure(): DatabaseError | null {
      return this.#failure;
    }

    override async execProtocolStream(
      ...args: Parameters<PGlite["execProtocolStream"]>
    ): ReturnType<PGlite["execProtocolStream"]> {
      if (this.#failure !== null) throw this.#failure;
      try {
        return await super.execProtocolStream(...args);
      } catch (error) {
        const { severity, message } = error as { severity?: unknown; message: string };
        if (FATAL.has(severity)) {
          this.#failure = new DatabaseError(
            "unavailable",
            `The embedded database has stopped: ${message}. Send the request again.`,
            { cause: error },
          );
        }
        throw error;
      }
    }

    override execProtocolRawSync(message: Uint8Array): Uint8Array {
      return withIdleTimers(() => super.execProtocolRawSync(message));
    }

    abandon(reason: DatabaseError): void {
      this.#failure ??= reason;
      // It has no module if it could not be loaded.
      const files = (this.Module as unknown as { FS?: FileSystem } | undefined)?.FS;
      for (const stream of files?.streams ?? []) {
        try {
          if (stream != null) files?.close(stream);
        } catch {
          // The operating system closes what is left when the process ends.
        }
      }
    }
  };
}

/**
 * Runs work whose timers don't keep the process alive. PostgreSQL sets one of ten seconds after it has written, and a sweep
 * would have it set again and again.
 */
function withIdleTimers<T>(work: () => T): T {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    const timer = setTimeout(...args) as NodeJS.Timeout | number;
    // A replaced clock, as that of a browser, has numbers for timers.
    if (typeof timer === "object") timer.unref?.();
    return timer;
  }) as typeof setTimeout;
  try {
    return work();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

/** The part of Emscripten's file system that has the open files. */
interface FileSystem {
  readonly streams: readonly unknown[];
  close(stream: unknown): void;
}

/**
 * Loads PGlite, which only those install who use it. Bundlers leave it where it is, because it reads files beside itself.
 *
 * @throws DatabaseError if it is not installed
 */
async function loadPglite(): Promise<typeof PGlite> {
  try {
    const loaded = await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ "@electric-sql/pglite");
    return loaded.PGlite;
  } catch (error) {
    if (!NOT_FOUND.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    throw new DatabaseError(
      "unusable",
      "The embedded database needs the package @electric-sql/pglite, which is not installed. Run npm install @electric-sql/pglite, or give the url of a PostgreSQL database.",
      { cause: error },
    );
  }
}

/**
 * Starts PGlite.
 *
 * @throws DatabaseError if PGlite is not installed
 * @throws Error with the reason that PostgreSQL logged
 */
export async function startInstance(options: PGliteOptions): Promise<Instance> {
  const base = await loadPglite();
  const Instance = toInstanceClass(base);
  let reason: string | undefined;
  const instance = new Instance({
    ...options,
    parsers: PARSERS,
    startParams: [...base.defaultStartParams, ...WITHOUT_TIMER, ...SMALL],
    onStderr: (row) => {
      reason = REASON.exec(row)?.[1] ?? reason;
      return false;
    },
  });
  try {
    await instance.waitReady;
    return instance;
  } catch (error) {
    instance.abandon(new DatabaseError("closed", "The embedded database could not be started."));
    throw reason === undefined ? error : new Error(reason, { cause: error });
  }
}
