import { readFile } from 'node:fs/promises';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

/** The part of it that is used here: TypeScript declares it for browsers only. */
declare const WebAssembly: {
  instantiate(file: Uint8Array, imports: object): Promise<{ instance: { exports: EngineExports } }>;
};

interface EngineExports {
  __wbindgen_start(): void;
}

/** The engine reports a bug of its own here; without this the report itself would fail. */
const PRISMA_WASM_PANIC_REGISTRY = {
  set_message(message: string): never {
    throw new Error(message);
  },
};

let compiled: Promise<typeof bindings> | undefined;

/**
 * Prisma's schema engine as WebAssembly, compiled once a process (60 ms). Its package leaves the loading to a
 * bundler, as Node 20 imports no `.wasm`; so it is done here as wasm-bindgen's glue asks for.
 */
export function loadWasm(): Promise<typeof bindings> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<typeof bindings> {
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY });
  const file = new URL('./schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm'));
  const functions = Object.entries(bindings).map(([name, f]) => [name, isTimer(name) ? setIdleTimeout : f]);
  const imports = { './schema_engine_bg.js': Object.fromEntries(functions) };
  const { instance } = await WebAssembly.instantiate(await readFile(file), imports);
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings;
}

/** The name ends in a hash that differs from build to build. */
function isTimer(name: string): boolean {
  return name.startsWith('__wbg_setTimeout_');
}

/** The engine never clears the 10 s for which it waits for its lock: they must not keep a process alive. */
function setIdleTimeout(callback: () => void, milliseconds: number): NodeJS.Timeout {
  return setTimeout(callback, milliseconds).unref();
}
