/** Runs a tool of scripts/ as a user does. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SAFETY_LIMIT } from '../safety-limit.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ToolRun {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** @param script file in scripts/. */
export function runTool(script: string, ...args: readonly string[]): ToolRun {
  const { status, stdout, stderr } = spawnSync(
    `${root}node_modules/.bin/node`,
    [`${root}scripts/${script}`, ...args],
    { encoding: 'utf8', timeout: SAFETY_LIMIT },
  );
  return { code: status, output: stdout, errors: stderr };
}
