export default { build: { outDir: "dist" }, oxc: { jsx: { runtime: "automatic" } } };
