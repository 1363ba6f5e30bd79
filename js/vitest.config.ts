import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

// As the build sets it; here a module's hash is its name.
const hashes = Object.fromEntries(readdirSync("src/modules").map((name) => [name, name]));

export default defineConfig({
  define: { MODULE_HASHES: JSON.stringify(hashes) },
  test: {
    css: true,
    environment: "happy-dom",
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
  },
});
