import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { compressed, SECURE } from "../respond.js";
import type { App } from "../route.js";

const ASSETS = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

/** The parts of Swagger UI that the reference uses, served from the package, so that it works with no internet. */
const FILES: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>Credit Activity: API reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<style>body { margin: 0 }</style>
</head>
<body>
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/reference.js"></script>
</body>
</html>
`;

const SCRIPT = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", deepLinking: true, defaultModelsExpandDepth: 0 });
`;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Adds the OpenAPI document and a reference for people. */
export function addDocsRoutes(app: App, document: () => object): void {
  let text: string | undefined;
  app.get("/openapi.json", (c) => {
    text ??= JSON.stringify(document());
    const headers = { ...SECURE, "Content-Type": "application/json", Vary: "Accept-Encoding" };
    return compressed(c, new Response(text, { headers }));
  });
  app.get("/docs", (c) => {
    return c.html(PAGE, 200, { ...SECURE, "Content-Security-Policy": POLICY });
  });
  app.get("/docs/reference.js", (c) =>
    c.body(SCRIPT, 200, { ...SECURE, "Content-Type": "text/javascript; charset=utf-8" }),
  );
  for (const [file, type] of Object.entries(FILES)) {
    // Read once for all, so that many slow clients do not hold as many copies.
    let body: Uint8Array<ArrayBuffer> | undefined;
    app.get(`/docs/${file}`, async (c) => {
      body ??= new Uint8Array(await readFile(path.join(ASSETS, file)));
      return c.body(body, 200, {
        ...SECURE,
        "Content-Type": type,
        "Cache-Control": "public, max-age=3600",
      });
    });
  }
}
