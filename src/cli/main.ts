/** The command line: reads the arguments, runs a command, and turns errors into one line and an exit code. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { InputError } from '../boot/input-error.ts';
import { addBootCommand } from './commands/boot.ts';
import { EXIT_BAD_INPUT, EXIT_OK } from './exit-code.ts';
import { internalError } from './internal-error.ts';

const EXAMPLES = `
Examples:
  longmode boot                                       a Debian kernel and a busybox shell
  longmode boot --kernel vmlinuz --initrd initrd.img  your own
  longmode boot --help                                all options`;

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Commander's messages as ours: one line, with the program's name. */
function oneLine(message: string): string {
  return `longmode: ${message
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')}\n`;
}

/**
 * @param args what follows the program's name.
 * Returns the exit code (exit-code.ts).
 */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = EXIT_OK;
  const program = new Command('longmode')
    .description('An x86-64 machine that boots Linux, in JavaScript and WebAssembly')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(oneLine(message)) })
    .addHelpText('after', EXAMPLES);
  addBootCommand(program, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has written its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_BAD_INPUT;
    if (error instanceof InputError) {
      process.stderr.write(`longmode: ${error.message}\n`);
      return EXIT_BAD_INPUT;
    }
    return internalError(error);
  }
}
