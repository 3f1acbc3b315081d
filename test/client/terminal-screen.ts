/** A terminal as people have one, for what a display leaves on the screen. */
import headless from '@xterm/headless';

export interface Screen {
  /** An output for `createDisplay`. */
  readonly output: {
    write(text: string): void;
    readonly isTTY: true;
    readonly columns: number;
    readonly rows: number;
  };
  write(data: string | Uint8Array): void;
  resize(columns: number, rows: number): Promise<void>;
  /** What it shows and what has scrolled out of it, a string for each row, without blanks at its end. */
  rows(): Promise<string[]>;
  readonly title: string;
}

/** Rows that a terminal wrapped by itself are marked by the sign in front. */
export const wrappedMark = '↪';

export function createScreen(columns: number, rows: number): Screen {
  const terminal = new headless.Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    convertEol: true, // the system does it between a program and its terminal
    allowProposedApi: true,
  });
  const size = { columns, rows };
  let title = '';
  terminal.onTitleChange((text) => {
    title = text;
  });
  const written = () => new Promise<void>((resolve) => terminal.write('', resolve));
  return {
    output: {
      write: (text) => terminal.write(text),
      isTTY: true,
      get columns() {
        return size.columns;
      },
      get rows() {
        return size.rows;
      },
    },
    write: (data) => terminal.write(data),
    async resize(columns, rows) {
      await written();
      Object.assign(size, { columns, rows });
      terminal.resize(columns, rows);
    },
    async rows() {
      await written();
      const buffer = terminal.buffer.active;
      const lines = Array.from({ length: buffer.length }, (_, i) => {
        const line = buffer.getLine(i)!;
        return (line.isWrapped ? wrappedMark : '') + line.translateToString(true);
      });
      while (lines.at(-1) === '') lines.pop();
      return lines;
    },
    get title() {
      return title;
    },
  };
}
