import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const run = promisify(execFile);

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

/** The directories of the packages that are published. */
const DIRECTORIES = ["client", "server", "react", "cli", "ai"].map((name) =>
  path.join(REPOSITORY, "packages", name),
);

/** The manifest of a package, as far as the checks need it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package, packed as for the registry. */
export interface Packed {
  readonly name: string;
  /** The directory of its sources in this repository. */
  readonly sources: string;
  readonly tarball: string;
  /** The directory of its unpacked files. */
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Packages that were packed into a temporary directory. */
export interface PackedPackages {
  readonly directory: string;
  readonly packages: readonly Packed[];
  remove(): Promise<void>;
}

/** Packs all packages with `npm pack`, from their built files. */
export async function packAll(): Promise<PackedPackages> {
  const directory = await mkdtemp(path.join(tmpdir(), "credit-activity-packed-"));
  const packages = await Promise.all(DIRECTORIES.map((sources) => pack(sources, directory)));
  return { directory, packages, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function pack(sources: string, directory: string): Promise<Packed> {
  const to = path.join(directory, path.basename(sources));
  await run("mkdir", [to]);
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", to], { cwd: sources });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [{ filename: string }];
  const tarball = path.join(to, filename);
  await run("tar", ["-xzf", tarball, "-C", to]);
  const unpacked = path.join(to, "package");
  const manifest = JSON.parse(await readFile(path.join(unpacked, "package.json"), "utf8")) as Manifest;
  return { name: manifest.name, sources, tarball, directory: unpacked, manifest };
}
