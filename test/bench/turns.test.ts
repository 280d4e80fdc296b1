/** Contestants that do pieces of work in turn: shells that do nothing but say when. */
import { describe, expect, it } from 'vitest';
import { runChild } from '../../bench/run/child.ts';
import { runInTurn, type TurnTaker } from '../../bench/run/turns.ts';

const TIMEOUT = 20;

/** Asks for its turn, and says with the time that it began and ended. */
const PIECE = 't() { echo "ready $1"; read -r turn; echo "begin $1"; sleep 0.05; echo "end $1"; }';

const shell =
  (script: string): TurnTaker =>
  (started) =>
    runChild('sh', ['-c', `${PIECE}\n${script}`], TIMEOUT, started);

interface Event {
  readonly at: number;
  readonly what: string;
}

/** What contestants said in the order in which they said it. They begin one after the other, so their clocks differ. */
async function eventsOf(pieces: string[], contestants: Record<string, TurnTaker>): Promise<string[]> {
  const events: Event[] = [];
  const watched = Object.entries(contestants).map(([name, run]): [string, TurnTaker] => [
    name,
    (started) =>
      run((child) => {
        child.stdout?.on('data', (data: Buffer) => {
          for (const line of data.toString().split('\n'))
            if (/^(begin|end) /.test(line)) events.push({ at: performance.now(), what: `${name} ${line}` });
        });
        started(child);
      }),
  ]);
  await runInTurn(pieces, new Map(watched), () => {});
  return events.sort((a, b) => a.at - b.at).map(({ what }) => what);
}

describe('contestants in turn', () => {
  it('do each piece one after the other, with what one leaves out left out', async () => {
    const events = await eventsOf(['a', 'b c', 'd'], {
      one: shell("t a; t 'b c'; t d"),
      other: shell("t 'b c'; t d; sleep 0.1"),
    });
    const both = (piece: string): string[] =>
      ['one', 'other'].flatMap((name) => [`${name} begin ${piece}`, `${name} end ${piece}`]);
    expect(events).toEqual(['one begin a', 'one end a', ...both('b c'), ...both('d')]);
  });

  it('give what they printed, with their names', async () => {
    const contestants = new Map([
      ['one', shell('t a; echo done')],
      ['other', shell('t a')],
    ]);
    const runs = await runInTurn(['a'], contestants, () => {});
    const lines = (name: string) => runs.get(name)?.lines.map(({ text }) => text);
    expect([...runs.keys()]).toEqual(['one', 'other']);
    expect(lines('one')).toEqual(['ready a', 'begin a', 'end a', 'done']);
    expect(lines('other')).toEqual(['ready a', 'begin a', 'end a']);
  });

  it('are all ended when one fails', async () => {
    const pids: (number | undefined)[] = [];
    const waits: TurnTaker = (started) =>
      shell('t a; t b')((child) => {
        pids.push(child.pid);
        started(child);
      });
    const contestants = new Map([
      ['one', waits],
      ['other', shell('t a; exit 3')],
    ]);
    const start = performance.now();
    await expect(runInTurn(['a', 'b'], contestants, () => {})).rejects.toThrow('ended with 3');
    // Not by its own time-out.
    expect(performance.now() - start).toBeLessThan((TIMEOUT * 1000) / 2);
    expect(() => process.kill(pids[0] as number, 0)).toThrow('ESRCH');
  });
});
