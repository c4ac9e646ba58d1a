import { readFile } from "node:fs/promises";

/** The parts of Swagger UI, copied into the package, so that the reference works without internet. */
const ASSETS = new URL("../dist/swagger-ui/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

/** The page. Its addresses are relative, so that it works under any prefix. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>Credit Activity: API reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<style>body { margin: 0 }</style>
</head>
<body>
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/reference.js"></script>
</body>
</html>
`;

const SCRIPT = `SwaggerUIBundle({ url: "openapi.json", dom_id: "#reference", deepLinking: true, defaultModelsExpandDepth: 0 });
`;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURE = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" };

const HTML = { ...SECURE, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY };

const JAVASCRIPT = { ...SECURE, "Content-Type": "text/javascript; charset=utf-8" };

/** The assets that were read. They are read once for all, so that many slow clients do not hold as many copies. */
const read = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

function readAsset(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = read.get(file) ?? readFile(new URL(file, ASSETS)).then((body) => new Uint8Array(body));
  read.set(file, known);
  return known;
}

/**
 * Responds to a request of the API reference: `/docs`, and what its page loads. The page reads `/openapi.json` beside it.
 *
 * @returns null if the request is another one, for the ledger
 *
 * @example
 * const fetch = async (request) => (await respondWithReference(request)) ?? ledger.fetch(request);
 */
export async function respondWithReference({ method, url }: Request): Promise<Response | null> {
  if (method !== "GET" && method !== "HEAD") return null;
  const file = /\/docs(?:\/([\w.-]+))?$/.exec(url.split(/[?#]/, 1)[0] as string);
  if (file === null) return null;
  const toResponse = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    new Response(method === "HEAD" ? null : body, { headers });
  const name = file[1];
  if (name === undefined) return toResponse(PAGE, HTML);
  if (name === "reference.js") return toResponse(SCRIPT, JAVASCRIPT);
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) return null;
  const headers = { ...SECURE, "Content-Type": type, "Cache-Control": "public, max-age=3600" };
  return toResponse(await readAsset(name), headers);
}
