#!/usr/bin/env node
import { internalError } from './cli/internal-error.ts';
import { prepareProcess } from './cli/process.ts';

// Out of a timer, a worker, a stream: nothing else would catch it. Leaving through exit restores the terminal.
process.on('uncaughtException', (error) => process.exit(internalError(error)));

async function run(args: readonly string[]): Promise<void> {
  prepareProcess(args);
  const { main } = await import('./cli/main.ts');
  process.exit(await main(args));
}

void run(process.argv.slice(2));
