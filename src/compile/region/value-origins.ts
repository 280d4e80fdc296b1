/**
 * Which values are the same as what a general register has, or constants: whoever keeps one of them for the way out can
 * name it instead (flag-locals.ts).
 */
import type { Value } from '../../isa/emitter.ts';
import type { Expression } from '../../wasm/builder.ts';

/** The low `size` bytes of a register, or a constant. */
export type Origin =
  | { readonly register: number; readonly size: number }
  | { readonly constant: bigint; readonly size: number };

/** As an Origin, with what the register had then. */
type Kept = Origin & { readonly content: object | undefined };

export class ValueOrigins {
  private readonly origins: Map<Value, Kept>;
  /** Stands for what each register has. */
  private readonly contents: Map<number, object>;
  /** The expressions noted last. */
  private lastOrigin: { readonly expression: Expression; readonly origin: Kept } | undefined;
  private lastValue: { readonly expression: Expression; readonly value: Value } | undefined;
  /** What is emitted may not be executed. */
  private isConditional = false;

  /** @param before of the only block that leads to this one. */
  constructor(before?: ValueOrigins) {
    this.origins = new Map(before?.origins);
    this.contents = new Map(before?.contents);
  }

  private contentOf(register: number): object {
    const content = this.contents.get(register) ?? {};
    this.contents.set(register, content);
    return content;
  }

  /** An expression reads a register. */
  noteRegister(expression: Expression, register: number, size: number): void {
    this.lastOrigin = { expression, origin: { register, size, content: this.contentOf(register) } };
  }

  noteConstant(expression: Expression, constant: bigint, size: number): void {
    this.lastOrigin = { expression, origin: { constant, size, content: undefined } };
  }

  /** An expression is that value. */
  noteValue(expression: Expression, value: Value): void {
    this.lastValue = { expression, value };
  }

  /** A value is made of an expression. */
  make(value: Value, expression: Expression): void {
    if (this.lastOrigin?.expression === expression) this.origins.set(value, this.lastOrigin.origin);
  }

  /** A register is written. @param low what its low `size` bytes get. */
  write(register: number, low?: { readonly expression: Expression; readonly size: number }): void {
    this.contents.delete(register);
    if (low === undefined || this.isConditional || this.lastValue?.expression !== low.expression) return;
    const content = this.contentOf(register);
    this.origins.set(this.lastValue.value, { register, size: low.size, content });
  }

  /** Emits what may not be executed. */
  within(emit: () => void): void {
    const outer = this.isConditional;
    this.isConditional = true;
    emit();
    this.isConditional = outer;
  }

  /** What the low `size` bytes of a value still are. */
  find(value: Value, size: number): Origin | undefined {
    const origin = this.origins.get(value);
    if (origin === undefined || origin.size < size) return undefined;
    return 'constant' in origin || this.contents.get(origin.register) === origin.content ? origin : undefined;
  }
}
