import { existsSync } from "node:fs";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  // Base UI sets inline styles while a dialog is open.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves the built page. Files with a hash in their names are cached without a limit, and the page never is. */
export function createPages(directory: string): Hono {
  if (!existsSync(directory)) {
    throw new Error(`The demo's page is not in "${directory}". Build it first: npm run build.`);
  }
  const pages = new Hono();
  pages.use(async (context, next) => {
    await next();
    context.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Referrer-Policy", "no-referrer");
  });
  pages.use(
    serveStatic({
      root: directory,
      onFound: (_path, context) => {
        const isHashed = context.req.path.startsWith("/assets/");
        context.header("Cache-Control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
      },
    }),
  );
  // Any other path is a place within the page, unless it names a file.
  pages.get("*", (context, next) => {
    if (/\.\w+$/.test(context.req.path)) return next();
    context.header("Cache-Control", "no-cache");
    return serveStatic({ root: directory, path: "index.html" })(context, next);
  });
  pages.notFound((context) => context.text("This path does not exist.\n", 404));
  return pages;
}
