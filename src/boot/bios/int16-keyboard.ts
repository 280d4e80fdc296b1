/**
 * INT 16H, the keyboard: what is typed at the terminal.
 * Source: IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference, "INT 16H - Keyboard".
 */
import type { FarPointer, Service } from './call.ts';
import type { Key } from './console.ts';
import type { BiosSystem } from './system.ts';

const code = ({ scanCode, character }: Key): number => (scanCode << 8) | character;

/** @param waitForInterrupt guest code that waits for an interrupt and calls the service again. */
export function keyboard({ console }: BiosSystem, waitForInterrupt: FarPointer): Service {
  return (call) => {
    switch (call.ah) {
      case 0x00:
      case 0x10: {
        const key = console.take();
        if (key === undefined) call.goOnAt(waitForInterrupt);
        else call.ax = code(key);
        return;
      }
      case 0x01:
      case 0x11: {
        const key = console.peek();
        call.zero = key === undefined;
        if (key !== undefined) call.ax = code(key);
        return;
      }
      // No shift key is down.
      case 0x02:
        call.al = 0;
        return;
      case 0x12:
        call.ax = 0;
        return;
    }
  };
}
