/**
 * What is not known after an error. An instruction that depends on one with an error may be right, so nothing is said
 * about its values.
 */
import type { StageInstruction } from '../parser/ast.ts';

/** The variables whose values are not known. */
export class Doubts {
  private readonly names: Set<string>;
  /** The names that are known although all others are not; undefined if only `names` are not. */
  private known: Set<string> | undefined;

  constructor(names: Iterable<string> = [], known?: Iterable<string>) {
    this.names = new Set(names);
    this.known = known && new Set(known);
  }

  copy(): Doubts {
    return new Doubts(this.names, this.known);
  }

  /** Whether the value of a variable is not known. */
  has(name: string): boolean {
    return this.names.has(name) || this.known?.has(name) === false;
  }

  /** Whether all values are known. */
  get isEmpty(): boolean {
    return this.names.size === 0 && !this.known;
  }

  /** Whether a text has a variable whose value is not known. */
  isIn(text: string): boolean {
    if (this.isEmpty) return false;
    for (const [, name] of text.matchAll(/\$\{?(\w+)/g)) if (this.has(name!)) return true;
    return false;
  }

  /** Notes that the value of a variable is not known, or that it is known again. */
  setKnown(name: string, isKnown: boolean): void {
    if (isKnown) {
      this.names.delete(name);
      this.known?.add(name);
    } else {
      this.names.add(name);
      this.known?.delete(name);
    }
  }

  /** Notes that the variables that an instruction sets are not known: all, if it has no valid name. */
  addNames(names: readonly string[]): void {
    if (!names.some((name) => /^[A-Za-z_]\w*$/.test(name))) this.addAll();
    for (const name of names) this.setKnown(name, false);
  }

  /** Notes that no variable is known. */
  addAll(): void {
    this.known = new Set();
  }
}

/** The text of an instruction in which lowering replaces variables; '' if it leaves them to a shell. */
export function expandedText(instruction: StageInstruction): string {
  switch (instruction.kind) {
    case 'run':
      return instruction.mounts.map(({ text }) => text).join(' ');
    case 'copy':
    case 'add':
      return [instruction.code, ...instruction.contents.flatMap(({ expand, data }) => (expand ? data : []))].join('\n');
    case 'cmd':
    case 'entrypoint':
    case 'healthcheck':
    case 'maintainer':
    case 'onbuild':
    case 'shell':
      return '';
    default:
      return instruction.code;
  }
}
