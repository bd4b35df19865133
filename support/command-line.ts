import { parseArgs } from 'node:util';
import { Cleanup } from './cleanup.ts';

/** What is wrong with the command line, in one line. */
export class UsageError extends Error {}

/** An option that is a number; `whole` unless it says otherwise. */
export interface NumberOption {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  readonly text: string;
  readonly fraction?: boolean;
}

type Options = Readonly<Record<string, NumberOption>>;
type Numbers<O extends Options> = Readonly<Record<keyof O, number>>;

export interface Run<O extends Options> {
  readonly numbers: Numbers<O>;
  /** Ended when the run is over, whatever came of it. */
  readonly scope: Cleanup;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a shell says of a process that Ctrl-C ended. */
const INTERRUPTED = 130;
const USAGE = 2;

/**
 * The process edge of a command whose options are numbers: the command line in, the exit code out. Servers that it
 * started are ended also after Ctrl-C and after an unhandled rejection.
 */
export async function runCommand<O extends Options>(
  { about, options }: { about: string; options: O },
  run: (given: Run<O>) => Promise<number>,
): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());
  const fail = (error: Error) => interruption.abort(error);
  process.on('uncaughtException', fail);
  const { signal } = interruption;
  const scope = new Cleanup();
  try {
    const numbers = readNumbers(process.argv.slice(2), options);
    if (numbers) return await Promise.race([run({ numbers, scope, signal }), rejectedBy(signal)]);
    process.stdout.write(help(about, options));
    return 0;
  } catch (error) {
    if (signal.aborted && signal.reason instanceof DOMException) return INTERRUPTED; // What `abort()` gives.
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return USAGE;
  } finally {
    await scope.close();
    process.off('uncaughtException', fail); // Node tells of what is thrown here as of any uncaught error.
  }
}

/** Undefined: only the help is wanted. */
function readNumbers<O extends Options>(args: readonly string[], options: O): Numbers<O> | undefined {
  const given = parse(args, Object.keys(options));
  if (given.help) return undefined;
  const numbers = Object.entries(options).map(([name, option]) => [
    name,
    readNumber(name, option, given[name]),
  ]);
  return Object.fromEntries(numbers);
}

function parse(args: readonly string[], names: readonly string[]) {
  const strings = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...args], options: { ...strings, help: { type: 'boolean' as const } } })
      .values as Readonly<Record<string, string | boolean | undefined>>;
  } catch (error) {
    const [said] = String(Object(error).message).split('\n');
    throw new UsageError(said);
  }
}

function readNumber(name: string, option: NumberOption, text: string | boolean | undefined): number {
  const { min, max, initial, fraction = false } = option;
  if (text === undefined) return initial;
  const pattern = fraction ? /^\d+(\.\d+)?$/ : /^\d+$/;
  const value = pattern.test(String(text)) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(
    `--${name} must be a ${fraction ? '' : 'whole '}number from ${min} to ${max}, not ${text}`,
  );
}

function help(about: string, options: Options): string {
  const lines = Object.entries(options).map(([name, { min, max, initial, text }]) => {
    const left = `--${name} ${min}..${max}`;
    return `  ${left.padEnd(COLUMN)}  ${text} (${initial})`;
  });
  return `${[about, '', ...lines].join('\n')}\n`;
}

const COLUMN = 36;

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
