import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { used } from "./preact-only.mjs";

// As the build sets it; here a module's hash is its name.
const hashes = Object.fromEntries(readdirSync("src/modules").map((name) => [name, name]));

/** The tests run with as much of preact as the build leaves. */
const preactOnly = {
  name: "preact-only",
  transform: (code: string, id: string) =>
    /\/preact\/dist\/preact\.mjs$/.test(id) ? { code: used(code) as string, map: null } : undefined,
};

export default defineConfig({
  define: { MODULE_HASHES: JSON.stringify(hashes) },
  plugins: [preactOnly],
  test: {
    css: true,
    environment: "happy-dom",
    setupFiles: ["test/seeds.ts"],
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    // What is slow is told by `make test`, of all parts together.
    slowTestThreshold: 10_000,
    // A watchdog, not a measurement: a machine with other work takes several times as long.
    testTimeout: process.env.POWAWIDGET_TESTS === "nightly" ? 1_200_000 : 60_000,
    server: { deps: { inline: ["preact"] } },
  },
});
