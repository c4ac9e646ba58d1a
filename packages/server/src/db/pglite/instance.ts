import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { DatabaseError } from "../errors.js";
import { PARSERS } from "../types.js";

/** Severities of errors after which PostgreSQL would end the process. */
const FATAL: ReadonlySet<unknown> = new Set(["FATAL", "PANIC"]);

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
 * and goes on, but the locks of the failed statement stay. The next statement would wait for them forever, and keep the
 * whole process busy with that.
 */
export class Instance extends PGlite {
  #failure: DatabaseError | null = null;

  /** The error with which all statements fail now, or null. */
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

  /**
   * Leaves the database as a killed process does, without another write. What was committed is in its files.
   *
   * @param reason the error with which statements fail from now on
   */
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
}

/** The part of Emscripten's file system that has the open files. */
interface FileSystem {
  readonly streams: readonly unknown[];
  close(stream: unknown): void;
}

/**
 * Starts PGlite.
 *
 * @throws Error with the reason that PostgreSQL logged
 */
export async function startInstance(options: PGliteOptions): Promise<Instance> {
  let reason: string | undefined;
  const instance = new Instance({
    ...options,
    parsers: PARSERS,
    startParams: [...PGlite.defaultStartParams, ...WITHOUT_TIMER, ...SMALL],
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
