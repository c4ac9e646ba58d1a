import { compressed, SECURE } from "../respond.js";
import type { App } from "../route.js";

/** Adds the OpenAPI document. */
export function addDocumentRoute(app: App, document: () => object): void {
  let text: string | undefined;
  app.get("/openapi.json", (c) => {
    text ??= JSON.stringify(document());
    const headers = { ...SECURE, "Content-Type": "application/json", Vary: "Accept-Encoding" };
    return compressed(c, new Response(text, { headers }));
  });
}
