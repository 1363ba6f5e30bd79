// The modules that a page loads when it needs them: asks the kernel for each once, and runs it.
import type { ModuleMessage, WantMessage } from "../state/wire";
import { newId } from "./id";
import { unpacked } from "./packed";

/** What a module exports, by its name; src/index.ts, which knows them all, declares them. */
// biome-ignore lint/suspicious/noEmptyInterface: it is merged with that declaration
export interface Modules {}

export type ModuleName = keyof Modules;

/** A module as it comes: it is given the core of the widget that uses it. */
export type Factory = (core: object) => unknown;

const ANSWERED_WITHIN = 60_000; // ms after which another widget may ask
const MOST_TRIES = 3;
const AGAIN_AFTER = 400; // ms, five times as many for each try that failed: 2 s, then 10 s

interface Link {
  /** What a module shares with the core. */
  core: object;
  /** Names the live kernel that would answer; null where there is none. */
  kernel(): string | null;
  send(message: WantMessage): void;
  changed(name: ModuleName): void;
}

/** Set by the build: the hash of all modules, by which a core knows those that fit it. */
declare const MODULES_HASH: string;

/**
 * For each page, whatever widgets it holds: the modules by their hashes, so that each is sent once,
 * and how often one that a kernel was asked for didn't come or couldn't be run.
 */
const page = globalThis as {
  powawidgetModules?: Map<string, Promise<Factory>>;
  powawidgetFailures?: Map<string, number>;
};
const known = () => {
  page.powawidgetModules ??= new Map();
  return page.powawidgetModules;
};
page.powawidgetFailures ??= new Map();
const failures = page.powawidgetFailures;

/**
 * What drawing may use: it reads what is here, and asks for nothing. To draw changes nothing and
 * sends nothing.
 */
export interface LoadedModules {
  /** A module, or undefined while it isn't here. */
  loaded<Name extends ModuleName>(name: Name): Modules[Name] | undefined;
  /** Whether something that was needed won't come. */
  readonly isIncomplete: boolean;
}

/** What effects and handlers may use beside that: it asks, and gives nothing, so it isn't for drawing. */
export interface ModuleLoader extends LoadedModules {
  /** Asks for a module that isn't here. */
  fetch(name: ModuleName): void;
}

/** Why a module doesn't come though no try has failed: the widget that asked for it is closed. */
const CLOSED = "closed";

/**
 * The modules that one widget uses. The kernel sends one when it is first asked for; until then,
 * without a kernel, and where it sends none that fits, what is there must read well without it.
 */
export function openModules(link: Link): ModuleLoader & {
  receive(message: ModuleMessage): void;
  close(): void;
} {
  const here = new Map<ModuleName, unknown>();
  /** What is awaited, or will be asked for again after a while. */
  const busy = new Set<ModuleName>();
  /** What won't come, and by which kernel. */
  const givenUp = new Map<ModuleName, string>();
  /** What this widget has asked the kernel for and not got yet, by hash. */
  const asked = new Map<string, (factory: Promise<Factory>) => void>();
  let isClosed = false;

  const ask = (name: ModuleName, hash: string): Promise<Factory> => {
    const factory = new Promise<Factory>((resolve) => {
      asked.set(hash, resolve);
      setTimeout(() => {
        if (asked.get(hash) === resolve) fail(hash);
      }, ANSWERED_WITHIN);
    });
    known().set(hash, factory);
    link.send({ kind: "want", id: newId(), module: name });
    return factory;
  };

  const fail = (hash: string, why?: typeof CLOSED): void => {
    const resolve = asked.get(hash);
    asked.delete(hash);
    resolve?.(Promise.reject(why));
  };

  const start = async (name: ModuleName): Promise<void> => {
    const hash = name + MODULES_HASH;
    const kernel = link.kernel();
    const failed = `${kernel} ${hash}`;
    const tries = () => failures.get(failed) ?? 0;
    if (isClosed || busy.has(name)) return;
    if (!known().has(hash)) {
      if (kernel === null || givenUp.get(name) === failed) return;
      if (tries() >= MOST_TRIES) {
        givenUp.set(name, failed);
        link.changed(name);
        return;
      }
    }
    busy.add(name);
    const factory = known().get(hash) ?? ask(name, hash);
    try {
      here.set(name, (await factory)(link.core));
      givenUp.delete(name);
    } catch (why) {
      const wasClosed = why === CLOSED;
      // Whoever comes first notes it, for all widgets of the page.
      if (known().get(hash) === factory) {
        known().delete(hash);
        if (!wasClosed) failures.set(failed, tries() + 1);
      }
      if (!wasClosed && tries() < MOST_TRIES) {
        setTimeout(free, AGAIN_AFTER * 5 ** tries(), name);
        return;
      }
    }
    free(name);
  };

  /** What is drawn now asks for it again, where it still isn't here. */
  const free = (name: ModuleName): void => {
    busy.delete(name);
    link.changed(name);
  };

  return {
    loaded: <Name extends ModuleName>(name: Name) => here.get(name) as Modules[Name] | undefined,

    fetch(name: ModuleName): void {
      if (!here.has(name)) void start(name);
    },

    get isIncomplete(): boolean {
      return givenUp.size > 0;
    },

    receive(message: ModuleMessage): void {
      const name = message.module as ModuleName;
      const hash = name + MODULES_HASH;
      // A kernel of another version than this page's core: its module would not fit.
      if (message.hash !== hash) {
        fail(hash);
        return;
      }
      const resolve = asked.get(hash);
      asked.delete(hash);
      if (resolve !== undefined) resolve(unpacked<Factory>(message.packed));
      else if (!isClosed && !known().has(hash)) {
        // A kernel that was busy for long answers after all.
        known().set(hash, unpacked<Factory>(message.packed));
        busy.delete(name);
        void start(name);
      }
    },

    /** What is still drawn must ask no more: no answer would come, and other widgets wait for it. */
    close(): void {
      isClosed = true;
      for (const hash of [...asked.keys()]) fail(hash, CLOSED);
    },
  };
}
