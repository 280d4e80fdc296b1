#!/usr/bin/env node
import { internalError } from './cli/internal-error.ts';
import { main } from './cli/main.ts';

// Out of a timer, a worker, a stream: nothing else would catch it. Leaving through exit restores the terminal.
process.on('uncaughtException', (error) => process.exit(internalError(error)));

process.exit(await main(process.argv.slice(2)));
