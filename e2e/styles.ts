import { join } from "node:path";
import { bundle } from "lightningcss";
import { repository } from "./demo.js";

/** The stylesheet of the page as its author wrote it, in one file. */
export function pageStyles(): string {
  return bundle({ filename: pageStylesFile }).code.toString();
}

export const pageStylesFile = join(repository, "packages/react/src/styles.css");
