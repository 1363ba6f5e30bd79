// The modules that a page loads when it needs them: asks the kernel for each once, and runs it.
import type { ModuleMessage, WantMessage } from "../state/wire";
import { newId } from "./id";

/** What a module exports, by its name; src/index.ts, which knows them all, declares them. */
// biome-ignore lint/suspicious/noEmptyInterface: it is merged with that declaration
export interface Modules {}

export type ModuleName = keyof Modules;

/** A module as it comes: it is given the core of the widget that uses it. */
export type Factory = (core: object) => unknown;

const ANSWERED_WITHIN = 60_000; // ms after which another widget may ask

interface Link {
  /** What a module shares with the core. */
  core: object;
  /** Whether a live kernel would answer. */
  canAsk(): boolean;
  send(message: WantMessage): void;
  changed(name: ModuleName): void;
}

/** Set by the build: the content hash of each module. */
declare const MODULE_HASHES: Record<ModuleName, string>;

/** One for each page, whatever widgets it holds: a module is sent once. */
const page = globalThis as { powawidgetModules?: Map<string, Promise<Factory>> };
const known = () => {
  page.powawidgetModules ??= new Map();
  return page.powawidgetModules;
};

export type ModuleLoader = ReturnType<typeof openModules>;

/**
 * The modules that one widget uses. The kernel sends one when it is first asked for; until then, and
 * without a kernel, what is there must read well without it.
 */
export function openModules(link: Link) {
  const loaded = new Map<ModuleName, unknown>();
  const started = new Set<ModuleName>();
  /** What this widget has asked the kernel for and not got yet, by hash. */
  const asked = new Map<string, (factory: Promise<Factory>) => void>();
  /** What it got: a module that the page can't run would only come again. */
  const answered = new Set<string>();
  let isClosed = false;

  const ask = (name: ModuleName, hash: string): Promise<Factory> => {
    const factory = new Promise<Factory>((resolve) => {
      asked.set(hash, resolve);
      const late = setTimeout(() => fail(hash, "no answer"), ANSWERED_WITHIN);
      (late as { unref?: () => void }).unref?.();
    });
    known().set(hash, factory);
    link.send({ kind: "want", id: newId(), module: name });
    return factory;
  };

  const fail = (hash: string, why: string): void => {
    const resolve = asked.get(hash);
    if (resolve === undefined) return;
    asked.delete(hash);
    known().delete(hash);
    resolve(Promise.reject(new Error(why)));
  };

  const start = async (name: ModuleName): Promise<void> => {
    const hash = MODULE_HASHES[name];
    if (isClosed || started.has(name) || !(known().has(hash) || link.canAsk())) return;
    started.add(name);
    try {
      const factory = await (known().get(hash) ?? ask(name, hash));
      loaded.set(name, factory(link.core));
    } catch {
      known().delete(hash);
      // Asked for again when what needs it is next drawn.
      if (!answered.has(hash)) started.delete(name);
    }
    link.changed(name);
  };

  /** A module, or undefined while it isn't here. */
  const get = <Name extends ModuleName>(name: Name) =>
    loaded.get(name) as Modules[Name] | undefined;

  return {
    get,

    /** The same, but asks for it where it isn't here; never while something is drawn. */
    request<Name extends ModuleName>(name: Name): Modules[Name] | undefined {
      if (!loaded.has(name)) void start(name);
      return get(name);
    },

    receive(message: ModuleMessage): void {
      const hash = MODULE_HASHES[message.module as ModuleName];
      const resolve = asked.get(hash);
      if (resolve === undefined) return;
      asked.delete(hash);
      answered.add(hash);
      // A kernel of another version than this page's core: its module would not fit.
      if (message.hash === hash) resolve(evaluate(message.packed));
      else resolve(Promise.reject(new Error("another version")));
    },

    /** What is still drawn must ask no more: no answer would come, and other widgets wait for it. */
    close(): void {
      isClosed = true;
      for (const hash of [...asked.keys()]) fail(hash, "closed");
    },
  };
}

async function evaluate(packed: string): Promise<Factory> {
  const binary = atob(packed);
  const bytes = new Uint8Array(binary.length);
  // Not `Uint8Array.from`: it takes a text letter by letter, ten times slower.
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  const code = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const headers = { "content-type": "text/javascript" };
  const url = URL.createObjectURL(await new Response(code, { headers }).blob());
  try {
    return (await import(/* @vite-ignore */ url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}
