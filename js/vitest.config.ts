import { defineConfig } from "vitest/config";
import { tested } from "./transform.mjs";

// A watchdog, not a measurement: a machine with other work takes several times as long.
const timeout = process.env.POWAWIDGET_TESTS === "nightly" ? 1_200_000 : 60_000;

export default defineConfig({
  // As the build sets them; here a module's hash is its name.
  define: { MODULES_HASH: '""', CORE_HASH: '"core"' },
  // Each source as the build makes it; what one bundle of them does, test/build and the browser say.
  plugins: [tested],
  test: {
    environment: "happy-dom",
    setupFiles: ["test/seeds.ts"],
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    // What is slow is told by `make test`, of all parts together.
    slowTestThreshold: 10_000,
    testTimeout: timeout,
    hookTimeout: timeout,
    server: { deps: { inline: ["preact", "marked"] } },
  },
});
