import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: folder("web"),
  plugins: [react()],
  // The workspace's packages are bundled from their sources.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: { outDir: folder("dist/web"), emptyOutDir: true, target: "es2023" },
  server: { proxy: { "/v1": "http://127.0.0.1:3000", "/demo": "http://127.0.0.1:3000" } },
});
