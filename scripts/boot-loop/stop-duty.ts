/** Stops a process again and again, as a busy host or a user does. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds: how long the process is stopped, then how long it runs. */
export type StopDuty = () => { readonly stopped: number; readonly running: number };

/** A duty as text: `80/90` is 80 of every 90 ms; `random` is up to 200 ms, then up to 100 ms running. */
export function parseStopDuty(text: string): StopDuty {
  if (text === 'random') {
    return () => ({ stopped: Math.random() * 200, running: Math.random() * 100 });
  }
  const [stopped, period] = text.split('/').map(Number);
  if (stopped === undefined || period === undefined || !(stopped > 0 && period > stopped))
    throw new Error(`--stop-duty takes STOPPED/PERIOD in milliseconds or "random", not "${text}"`);
  return () => ({ stopped, running: period - stopped });
}

/** Applies `duty` to `child` until it ends or the returned function is called, after which it runs freely. */
export function applyStopDuty(child: ChildProcess, duty: StopDuty): () => void {
  let isOver = false;
  child.once('exit', () => {
    isOver = true;
  });
  const repeat = async () => {
    while (!isOver) {
      const { stopped, running } = duty();
      child.kill('SIGSTOP');
      await sleep(stopped);
      child.kill('SIGCONT');
      await sleep(running);
    }
  };
  void repeat();
  return () => {
    isOver = true;
  };
}
