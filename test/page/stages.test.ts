import { describe, expect, it } from 'vitest';
import { Stages, total } from '../../src/page/stages.ts';

const used = (wallMilliseconds: number, idleMilliseconds: number, waitingMilliseconds: number) => ({
  wallMilliseconds,
  idleMilliseconds,
  waitingMilliseconds,
});

describe('Stages', () => {
  it('says what the time of each stage was spent on', () => {
    const stages = new Stages();
    stages.loaded(300);
    stages.reach('kernel', used(1000, 0, 250));
    stages.update(used(1500, 100, 250));
    expect(stages.all).toEqual([
      { name: 'Load', use: { load: 300, run: 0, wait: 0, idle: 0 } },
      { name: 'Decompress', use: { load: 0, run: 750, wait: 250, idle: 0 } },
      { name: 'Kernel', use: { load: 0, run: 400, wait: 0, idle: 100 } },
    ]);
  });

  it('ends at the shell: what the visitor does there is no part of the boot', () => {
    const stages = new Stages();
    stages.loaded(0);
    stages.reach('kernel', used(10, 0, 0));
    stages.reach('init', used(20, 0, 0));
    stages.reach('idle', used(30, 5, 0));
    stages.update(used(90_000, 80_000, 0));
    expect(stages.all.map(({ name, use }) => [name, total(use)])).toEqual([
      ['Load', 0],
      ['Decompress', 10],
      ['Kernel', 10],
      ['Init', 10],
    ]);
  });
});
