import { copyFile } from "node:fs/promises";

/** Copies the license into the package that npm packs, which is the working directory. */
await copyFile(new URL("../LICENSE", import.meta.url), "LICENSE");
