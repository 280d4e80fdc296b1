import { describe, expect, it } from 'vitest';
import { circles, violations } from '../../scripts/check-imports.ts';

describe('violations', () => {
  it.each([
    ['layout/tlb.ts', "import { X } from './mode.ts';"],
    ['isa/semantics/move.ts', "import { i32 } from '../../wasm/value-types.ts';"],
    ['isa/emitter.ts', "import type { Expression } from '../wasm/builder.ts';"],
    ['wasm/binaryen.ts', "import binaryen from 'binaryen';"],
    ['compile/compiler.ts', "import { ModuleWriter } from '../wasm/writer/module-writer.ts';"],
    ['interpreter/flag-watcher.ts', "import { ModuleWriter } from '../wasm/writer/module-writer.ts';"],
    ['devices/local-apic.ts', "import { X2APIC_FIRST } from '../layout/architecture.ts';"],
    ['boot/linux64.ts', "import type { GuestMemory } from '../devices/device.ts';"],
    ['machine/machine.ts', "import type { Host } from '../host/host.ts';"],
    ['host/node/host.ts', "import { Worker } from 'node:worker_threads';"],
    ['cli/commands/boot.ts', "const { Machine } = await import('../../machine/machine.ts');"],
    ['api/thread/server.ts', "import { Machine } from '../../machine/machine.ts';"],
  ])('allows %s: %s', (file, source) => {
    expect(violations(file, source)).toEqual([]);
  });

  it.each([
    ['layout/tlb.ts', "import { X } from '../isa/row.ts';"],
    ['isa/emitter.ts', "import type { BinaryenModule } from '../wasm/binaryen.ts';"],
    ['wasm/builder.ts', "import binaryen from 'binaryen';"],
    ['isa/emitter.ts', "import {\n  type A,\n  b,\n} from '../compile/region/region.ts';"],
    ['compile/region/region.ts', "import binaryen from 'binaryen';"],
    ['compile/region/leave.ts', "import { enterRecord } from '../../interpreter/handler-emitter.ts';"],
    ['interpreter/ways-out.ts', "import type { PlannedBlock } from '../compile/region/plan.ts';"],
    ['compile/compiler.ts', "import { BinaryenModule } from '../wasm/binaryen.ts';"],
    ['wasm/writer/module-writer.ts', "import { BinaryenModule } from '../binaryen.ts';"],
    ['code-cache/tiering.ts', "import { Processor } from '../cpu/processor.ts';"],
    ['devices/hpet.ts', "import { HPET } from '../boot/memory-map.ts';"],
    ['devices/hpet.ts', "export * from '../cpu/processor.ts';"],
    ['devices/local-apic.ts', "import { TSC_OFFSET } from '../layout/cpu-state.ts';"],
    ['boot/cpio.ts', "import { ByteQueue } from '../devices/byte-queue.ts';"],
    ['machine/machine.ts', "import { NodeHost } from '../host/node/host.ts';"],
    ['machine/machine.ts', "import 'node:fs';"],
    ['machine/machine.ts', "const { NodeHost } = await import('../host/node/host.ts');"],
    ['api/machine.ts', "import { Machine } from '../machine/machine.ts';"],
    ['host/browser/host.ts', "import 'node:worker_threads';"],
    ['index.browser.ts', "export * from './host/node/host.ts';"],
    ['network/nic.ts', ''],
  ])('refuses %s: %s', (file, source) => {
    expect(violations(file, source)).toHaveLength(1);
  });
});

describe('circles', () => {
  const sources = (...files: readonly (readonly [string, string])[]) => new Map(files);

  it('finds files that import each other, through others too, in both languages', () => {
    const found = circles(
      sources(
        ['a.ts', "import { b } from './x/b.ts';"],
        ['x/b.ts', "import { c } from '../c';"],
        ['c.ts', "export * from './a.ts';"],
      ),
    );
    expect(found).toEqual(['a.ts -> x/b.ts -> c.ts -> a.ts: a circle of imports']);
  });

  it('allows types to go round', () => {
    const found = circles(
      sources(['a.ts', "import { b } from './b.ts';"], ['b.ts', "import type { A } from './a.ts';"]),
    );
    expect(found).toEqual([]);
  });
});
