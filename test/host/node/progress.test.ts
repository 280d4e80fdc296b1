import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Progress } from '../../../src/host/node/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function makeProgress(isTTY: boolean) {
  const written: string[] = [];
  const progress = new Progress({ isTTY, write: (text: string) => written.push(text) }, () => Date.now());
  return { progress, written };
}

describe('Progress', () => {
  it('shows the message with the time, and erases it', () => {
    const { progress, written } = makeProgress(true);
    progress.show('booting');
    vi.advanceTimersByTime(1250);
    expect(written.at(-1)).toBe('\r\x1b[2Klongmode: booting ... 1.2 s');
    progress.show('unpacking');
    expect(written.at(-1)).toBe('\r\x1b[2Klongmode: unpacking ... 0.0 s');
    progress.done();
    expect(written.at(-1)).toBe('\r\x1b[2K');
  });

  it('says nothing after the end, and nothing for an end without a beginning', () => {
    const { progress, written } = makeProgress(true);
    progress.done();
    expect(written).toEqual([]);
    progress.show('booting');
    progress.done();
    const { length } = written;
    progress.done();
    vi.advanceTimersByTime(5000);
    expect(written).toHaveLength(length);
  });

  it('is silent in a pipe', () => {
    const { progress, written } = makeProgress(false);
    progress.show('booting');
    vi.advanceTimersByTime(5000);
    progress.done();
    expect(written).toEqual([]);
  });
});
