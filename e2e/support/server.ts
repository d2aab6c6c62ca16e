import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BIN =
  process.env.PORCHLIGHT_BIN ?? fileURLToPath(new URL('../../target/release/porchlight', import.meta.url));

/** What `serve --mock` writes for clients to find their way. */
export interface Demo {
  base_url: string;
  demo_page: string;
  widget_id: string;
  business_id: string;
  company_num: number;
  api_token: string;
  iris: { property_code: string; interface_token: string };
}

/** A real server in mock mode, on a port and with a data directory of its own, that can be killed and started again. */
export class Server {
  private child: ChildProcess | undefined;
  private log: WriteStream;
  private demo: Demo | undefined;

  private constructor(
    private readonly data: string,
    private readonly options: readonly string[],
    logFile: string,
  ) {
    this.log = createWriteStream(logFile);
  }

  /** `mockScript` names a file of `scripts/`; without one the mock agent plays the server's own. */
  static async launch(logFile: string, mockScript?: string): Promise<Server> {
    const script = mockScript && fileURLToPath(new URL(`../scripts/${mockScript}`, import.meta.url));
    const options = script ? ['--mock-script', script] : [];
    const server = new Server(await mkdtemp(path.join(tmpdir(), 'porchlight-e2e-')), options, logFile);
    await server.start();
    return server;
  }

  /** `http://127.0.0.1:PORT`; stays the same over restarts. */
  get origin(): string {
    return this.running.base_url;
  }

  get widgetId(): string {
    return this.running.widget_id;
  }

  get demoPage(): string {
    return this.running.demo_page;
  }

  /** The demo company's names and credentials. */
  get credentials(): Demo {
    return this.running;
  }

  private get running(): Demo {
    if (!this.demo) throw new Error('the server has not been started');
    return this.demo;
  }

  /** Starts the server, again on its old port if it had one, and comes back when it answers. */
  async start(): Promise<void> {
    const listen = this.demo ? new URL(this.demo.base_url).host : '127.0.0.1:0';
    const demoFile = path.join(this.data, 'demo.json');
    // The one of the run before would be taken for this one's.
    await rm(demoFile, { force: true });

    const child = spawn(BIN, ['serve', '--mock', '--listen', listen, '--data', this.data, ...this.options], {
      // The binary must need nothing from the directory it is run in.
      cwd: this.data,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    let failure: string | undefined;
    child.once('error', (error) => (failure = `${BIN} can't be run: ${error.message}`));
    child.once('exit', (code, signal) => (failure = `the server ended with ${code ?? signal}; see server.log`));
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });

    for (let waited = 0; waited < 20_000; waited += 20) {
      if (failure) throw new Error(failure);
      const demo = await readFile(demoFile, 'utf8').then(JSON.parse).catch(() => undefined);
      const ready = demo && (await fetch(`${demo.base_url}/readyz`).catch(() => undefined));
      if (ready?.ok) {
        this.demo = demo;
        return;
      }
      await sleep(20);
    }
    throw new Error('the server was not ready after 20 s; see server.log');
  }

  /** Asks the running server for something by its command line, as an operator does, and gives what it answers. */
  async command(...words: string[]): Promise<any> {
    const { stdout } = await promisify(execFile)(BIN, [...words, '--data', this.data, '--json']);
    return JSON.parse(stdout);
  }

  /** Ends the process: SIGKILL as a crash would, SIGTERM as an operator would. Comes back when it has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async dispose(): Promise<void> {
    await this.end('SIGKILL');
    this.log.end();
    await rm(this.data, { recursive: true, force: true });
  }
}
