import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path("web"),
  plugins: [react()],
  // Bundles the workspace's packages from their sources.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: { outDir: path("dist/web"), emptyOutDir: true, target: "es2023" },
  server: { proxy: { "/v1": "http://127.0.0.1:3000", "/demo": "http://127.0.0.1:3000" } },
});
