/**
 * HTTP for synchronous code: a thread of its own fetches while the one that asks sleeps. One thread serves all URLs of
 * the process, for as long as any of them is open.
 */

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';

export interface FetchRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** No more than these many bytes of a body are taken, and those of a 206 answer only. */
  readonly byteLength: number;
  /** How long nothing may come. */
  readonly silenceMs: number;
  /** In each stretch of so long, as many bytes have to come, unless there are no more. */
  readonly windowMs: number;
  readonly leastByteLength: number;
}

/** What came: a status and the bytes behind it, or no status. Both with how it ended, when it ended badly. */
export interface FetchAnswer {
  readonly status: number | null;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** More came than was asked for. */
  readonly tooLong: boolean;
  readonly failure: string | null;
}

/** What the thread lets pass beyond the longest that an answer may take before it is taken for dead. */
const GRACE_MS = 5000;
/** To start takes no more than this on a busy machine. Where it cannot, for want of descriptors or memory, nothing says so. */
const START_MS = 20_000;

export class FetchThread {
  static #shared: FetchThread | undefined;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  /** What the sleeper watches: the number of answers given, and whether the thread has started. */
  readonly #answers = new Int32Array(new SharedArrayBuffer(8));
  #users = 0;
  #ended = false;

  /** The thread of the process. Release it when done. */
  static share(): FetchThread {
    FetchThread.#shared ??= new FetchThread();
    FetchThread.#shared.#users += 1;
    return FetchThread.#shared;
  }

  private constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    // As text, because a bundle has no second file to name; esbuild's and tsx's helper for names is all it may lack. It may be
    // read as a module, which has no require(): NODE_OPTIONS says with --input-type how text is read, to this thread too.
    const program = `const __name = (it) => it; import('node:worker_threads').then((it) => (${serve})(it.workerData))`;
    this.#worker = new Worker(program, {
      eval: true,
      execArgv: [],
      // Else Node would pipe what it never says to the process's stdout, which may be no stream of Node's.
      stdout: true,
      stderr: true,
      workerData: { port: port2, answers: this.#answers },
      transferList: [port2],
    });
    // It shows in the next answer, which does not come.
    this.#worker.on('error', () => {});
    this.#worker.unref();
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#end();
  }

  /** Sleeps until the answer is there. */
  fetch(request: FetchRequest): FetchAnswer {
    if (this.#ended) return DEAD;
    if (Atomics.wait(this.#answers, 1, 0, START_MS) === 'timed-out') {
      this.#end();
      return { ...DEAD, failure: 'the thread that fetches does not start' };
    }
    const before = Atomics.load(this.#answers, 0);
    this.#port.postMessage(request);
    const windows = 2 + request.byteLength / request.leastByteLength;
    Atomics.wait(this.#answers, 0, before, windows * request.windowMs + GRACE_MS);
    const answer: { message: FetchAnswer } | undefined = receiveMessageOnPort(this.#port);
    if (answer !== undefined) return answer.message;
    this.#end();
    return DEAD;
  }

  #end(): void {
    this.#ended = true;
    if (FetchThread.#shared === this) FetchThread.#shared = undefined;
    this.#port.close();
    void this.#worker.terminate();
  }
}

const DEAD: FetchAnswer = {
  status: null,
  statusText: '',
  headers: {},
  bytes: new Uint8Array(0),
  tooLong: false,
  failure: 'the thread that fetches has died',
};

/** Sleeps without doing anything else. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Runs in the thread, of which it is the whole program: nothing outside of it is there. */
function serve({ port, answers }: { port: MessagePort; answers: Int32Array }): void {
  let asked: FetchRequest | null = null;
  port.on('message', async (request: FetchRequest) => {
    asked = request;
    give(request, await answerTo(request));
  });
  // What is thrown behind the back of fetch() would end this thread, and nobody would hear of it.
  process.on('uncaughtException', (error) => {
    const nothing = { status: null, statusText: '', headers: {}, bytes: new Uint8Array(0), tooLong: false };
    if (asked !== null) give(asked, { ...nothing, failure: nameOf(error) });
  });
  Atomics.store(answers, 1, 1);
  Atomics.notify(answers, 1);

  /** One answer to each request. */
  function give(request: FetchRequest, answer: FetchAnswer): void {
    if (request !== asked) return;
    asked = null;
    port.postMessage(answer, [answer.bytes.buffer as ArrayBuffer]);
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  }

  async function answerTo(request: FetchRequest): Promise<FetchAnswer> {
    const { url, headers, byteLength, silenceMs, windowMs, leastByteLength } = request;
    const answer = { status: null as number | null, statusText: '', headers: {}, tooLong: false };
    const bytes = new Uint8Array(byteLength);
    let held = 0;
    let failure: string | null = null;
    const stop = new AbortController();
    let heldBefore = 0;
    const pace = setInterval(() => {
      const came = held - heldBefore;
      heldBefore = held;
      if (came < leastByteLength) stop.abort(`only ${came} bytes came in ${windowMs / 1000} s`);
    }, windowMs);
    let silence: NodeJS.Timeout | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(`nothing came for ${silenceMs / 1000} s`), silenceMs);
    };
    heard();
    try {
      const response = await fetch(url, { headers, redirect: 'manual', signal: stop.signal });
      heard();
      answer.status = response.status;
      answer.statusText = response.statusText;
      answer.headers = Object.fromEntries(response.headers);
      if (response.status !== 206) await response.body?.cancel();
      else {
        for await (const chunk of response.body ?? []) {
          heard();
          const part = chunk.subarray(0, byteLength - held);
          bytes.set(part, held);
          held += part.byteLength;
          if (part.byteLength === chunk.byteLength) continue;
          answer.tooLong = true;
          break;
        }
      }
    } catch (error) {
      failure = stop.signal.aborted ? String(stop.signal.reason) : nameOf(error);
    }
    clearTimeout(silence);
    clearInterval(pace);
    return { ...answer, bytes: bytes.slice(0, held), failure };
  }

  /** fetch() says "fetch failed"; why is in the cause, or in the causes of the cause. */
  function nameOf(error: unknown): string {
    const { cause } = error as Error;
    const { code, message } = (cause ?? error) as NodeJS.ErrnoException;
    if (code === 'UND_ERR_SOCKET') return 'the connection was closed';
    return code ?? message;
  }
}
