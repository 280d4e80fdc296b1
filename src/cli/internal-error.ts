import { EXIT_SOFTWARE } from './exit-code.ts';

/** Reports an error that is nobody's fault but the emulator's; returns the exit code. */
export function internalError(error: unknown): number {
  const text = error instanceof Error ? error.stack : JSON.stringify(error);
  process.stderr.write(`\nlongmode: internal error: ${text}\n`);
  return EXIT_SOFTWARE;
}
