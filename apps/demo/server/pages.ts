import { existsSync } from "node:fs";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  // Base UI sets a few styles of its own while a dialog is open.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves the built page. Files with a hash in their names may be kept for ever, the page itself is always asked for. */
export function pages(folder: string): Hono {
  if (!existsSync(folder)) {
    throw new Error(`The demo's page is not in "${folder}". Build it first: npm run build.`);
  }
  const files = new Hono();
  files.use(async (context, next) => {
    await next();
    context.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Referrer-Policy", "no-referrer");
  });
  files.use(
    serveStatic({
      root: folder,
      onFound: (_path, context) => {
        const isHashed = context.req.path.startsWith("/assets/");
        context.header("Cache-Control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
      },
    }),
  );
  // Any other address is a place within the page, unless it names a file.
  files.get("*", (context, next) => {
    if (/\.\w+$/.test(context.req.path)) return next();
    context.header("Cache-Control", "no-cache");
    return serveStatic({ root: folder, path: "index.html" })(context, next);
  });
  files.notFound((context) => context.text("There is nothing here.\n", 404));
  return files;
}
