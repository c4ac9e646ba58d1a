import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

/** Copies the parts of Swagger UI that the reference serves, with their licenses. The package itself reports installations. */

const FILES = [
  "swagger-ui.css",
  "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt",
  "LICENSE",
  "NOTICE",
];

const from = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const to = path.join(import.meta.dirname, "dist", "swagger-ui");
await mkdir(to, { recursive: true });
await Promise.all(FILES.map((file) => copyFile(path.join(from, file), path.join(to, file))));
