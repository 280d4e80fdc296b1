/** Simple text output to the first serial port, as a terminal understands it (UEFI specification 2.10, "Simple Text Output Protocol"). */
import { COM1_PORT } from '../../io-map.ts';
import { encodeUtf8 } from '../../utf8.ts';
import type { EfiCall } from '../call.ts';
import { INVALID_PARAMETER, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { EfiSystem } from '../system.ts';

const COLUMNS = 80;
const ROWS = 25;
/** EFI_SIMPLE_TEXT_OUTPUT_MODE: MaxMode, Mode, Attribute, CursorColumn, CursorRow, CursorVisible. */
const MODE_SIZE = 24;
const ATTRIBUTE = 8;
const CURSOR_COLUMN = 12;
const CURSOR_VISIBLE = 20;
const LIGHT_GREY = 7;
/** Colours of terminals by EFI's, whose bits 0 and 2 are the other way round. */
const TERMINAL_COLOURS = [0, 4, 2, 6, 1, 5, 3, 7];

export class TextOutput {
  private readonly system: EfiSystem;
  readonly protocol: number;
  private readonly mode: number;

  constructor(system: EfiSystem) {
    this.system = system;
    const { stubs, bootCode } = system;
    const mode = new Uint8Array(MODE_SIZE);
    const view = new DataView(mode.buffer);
    view.setInt32(0, 1, true);
    view.setInt32(ATTRIBUTE, LIGHT_GREY, true);
    this.mode = system.placeBootData(mode);
    const services = [
      () => this.reset(),
      (call: EfiCall) => this.outputString(call),
      (call: EfiCall) => (call.argument(1) === 0n ? INVALID_PARAMETER : SUCCESS),
      (call: EfiCall) => this.queryMode(call),
      (call: EfiCall) => (call.argument(1) === 0n ? this.reset() : UNSUPPORTED),
      (call: EfiCall) => this.setAttribute(call),
      () => this.clearScreen(),
      (call: EfiCall) => this.setCursorPosition(call),
      (call: EfiCall) => this.enableCursor(call),
    ];
    this.protocol = system.placePointers([
      ...services.map((service) => stubs.add(bootCode, service)),
      this.mode,
    ]);
  }

  write(text: string): void {
    for (const byte of encodeUtf8(text)) this.system.hardware.writePort(COM1_PORT, 1, byte);
  }

  private setMode(offset: number, ...values: number[]): void {
    this.system.memory.write(this.mode + offset, new Uint8Array(Int32Array.from(values).buffer));
  }

  private reset(): bigint {
    this.write('\x1b[0m');
    this.setMode(ATTRIBUTE, LIGHT_GREY);
    return this.clearScreen();
  }

  private outputString(call: EfiCall): bigint {
    const text = call.text(call.argument(1));
    this.write(text);
    this.follow(text);
    return SUCCESS;
  }

  /** Keeps the cursor's place as the specification counts it. */
  private follow(text: string): void {
    const view = new DataView(this.system.memory.read(this.mode + CURSOR_COLUMN, 8).buffer);
    let column = view.getInt32(0, true);
    let row = view.getInt32(4, true);
    for (const character of text) {
      if (character === '\r') column = 0;
      else if (character === '\b') column = Math.max(0, column - 1);
      else if (character === '\n') row = Math.min(ROWS - 1, row + 1);
      else if (++column === COLUMNS) {
        column = 0;
        row = Math.min(ROWS - 1, row + 1);
      }
    }
    this.setMode(CURSOR_COLUMN, column, row);
  }

  private queryMode(call: EfiCall): bigint {
    if (call.argument(1) !== 0n) return UNSUPPORTED;
    call.setU64(call.argument(2), COLUMNS);
    call.setU64(call.argument(3), ROWS);
    return SUCCESS;
  }

  private setAttribute(call: EfiCall): bigint {
    const attribute = call.argument32(1);
    const colour = (bits: number): number => TERMINAL_COLOURS[bits & 7] as number;
    const foreground = (attribute & 8 ? 90 : 30) + colour(attribute);
    this.write(`\x1b[0;${foreground};${40 + colour(attribute >> 4)}m`);
    this.setMode(ATTRIBUTE, attribute);
    return SUCCESS;
  }

  private clearScreen(): bigint {
    this.write('\x1b[2J\x1b[H');
    this.setMode(CURSOR_COLUMN, 0, 0);
    return SUCCESS;
  }

  private setCursorPosition(call: EfiCall): bigint {
    const column = call.argumentNumber(1);
    const row = call.argumentNumber(2);
    if (column >= COLUMNS || row >= ROWS) return UNSUPPORTED;
    this.write(`\x1b[${row + 1};${column + 1}H`);
    this.setMode(CURSOR_COLUMN, column, row);
    return SUCCESS;
  }

  private enableCursor(call: EfiCall): bigint {
    const visible = (call.argument(1) & 0xffn) !== 0n;
    this.write(visible ? '\x1b[?25h' : '\x1b[?25l');
    this.setMode(CURSOR_VISIBLE, visible ? 1 : 0);
    return SUCCESS;
  }
}
