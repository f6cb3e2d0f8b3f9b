/** What the command uses of the process that it runs in. Node's own `process` is one; tests bring another. */

/** Where text goes: a terminal, a pipe, a file, or the memory of a test. */
export interface TextSink {
  readonly isTTY?: boolean | undefined;
  /** Its width, where it is a terminal. */
  readonly columns?: number | undefined;
  /** Its height, where it is a terminal. */
  readonly rows?: number | undefined;
  /** `taken` is called when the text has been taken, or cannot be any more. */
  write(text: string, taken?: () => void): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** The streams may be getters that open them: each costs a millisecond that a run without it should not pay. */
export interface CommandIo {
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean | undefined };
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative names are resolved by the file system, so the working folder is the process's own wherever it runs. */
  cwd(): string;
  chdir(folder: string): void;
}
