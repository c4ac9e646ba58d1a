import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { SOURCE_ALIASES } from "../../tools/sources.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path("web"),
  plugins: [react()],
  resolve: { alias: SOURCE_ALIASES },
  build: { outDir: path("dist/web"), emptyOutDir: true, target: "es2023" },
  server: { proxy: { "/v1": "http://127.0.0.1:3000", "/demo": "http://127.0.0.1:3000" } },
});
