import { afterEach } from "vitest";
import type { ModuleName, Modules } from "../../src/link/modules";

const page = globalThis as { powawidgetModules?: Map<string, Promise<unknown>> };

/** Has the page know modules, as if the kernel had sent them; a test's end forgets them. */
export function load<Name extends ModuleName>(name: Name, module: Modules[Name]): void {
  page.powawidgetModules ??= new Map();
  page.powawidgetModules.set(
    name,
    Promise.resolve(() => module),
  );
}

afterEach(() => {
  page.powawidgetModules?.clear();
});
