import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export type Engine = 'firefox' | 'webkit';

export interface Options {
  engine: Engine;
  /** The scheme that the visitor's system has. */
  colorScheme: 'light' | 'dark';
}

/** An element as WebDriver names it. */
export type Element = Record<string, string>;

/** Keys without a letter, as WebDriver spells them. */
export const Key = {
  backspace: '\uE003',
  tab: '\uE004',
  enter: '\uE007',
  shift: '\uE008',
  escape: '\uE00C',
  space: ' ',
} as const;

/** How long a driver may take until it answers: a moment, and more on a machine that is busy. */
const START_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 10_000;

/**
 * A browser with a profile of its own, driven through WebDriver: a dozen of the protocol's calls, which are JSON over
 * HTTP, so that no package is needed.
 */
export class Browser {
  private constructor(
    /** The programs that run for it, each the leader of a group with all that it started. */
    private readonly programs: ChildProcess[],
    private readonly log: WriteStream,
    private readonly session: string,
    /** The engine's version, for a report to name. */
    readonly version: string,
  ) {}

  static async launch(options: Options, logFile: string): Promise<Browser> {
    const log = createWriteStream(logFile);
    const programs: ChildProcess[] = [];
    try {
      const port = await freePort();
      const { capabilities, command, env } = await prepare(options, port, (...line) => run(programs, log, ...line));
      const driver = await run(programs, log, command, env);
      const address = `http://127.0.0.1:${port}`;
      await waitFor(driver, `${address}/status`);
      const { sessionId, capabilities: got } = await ask('POST', `${address}/session`, {
        capabilities: { alwaysMatch: capabilities },
      });
      const browser = new Browser(programs, log, `${address}/session/${sessionId}`, got.browserVersion);
      await browser.call('POST', 'window/rect', { width: 1280, height: 800 });
      return browser;
    } catch (error) {
      end(programs, log);
      throw error;
    }
  }

  async dispose(): Promise<void> {
    // A browser that is asked to end removes its profile; one that hangs is ended all the same.
    await ask('DELETE', this.session, undefined, AbortSignal.timeout(END_TIMEOUT_MS)).catch(() => {});
    end(this.programs, this.log);
  }

  async goto(url: string): Promise<void> {
    await this.call('POST', 'url', { url });
  }

  async reload(): Promise<void> {
    await this.call('POST', 'refresh', {});
  }

  /** Runs a function in the page or frame that we are in. It sees nothing but its arguments. */
  async run<R, A extends unknown[]>(script: (...values: A) => R, ...values: A): Promise<Awaited<R>> {
    return this.call('POST', 'execute/sync', { script: `return (${script}).apply(null, arguments)`, args: values });
  }

  /** Clicks an element where it is seen, as a pointer would. */
  async click(element: Element): Promise<void> {
    await this.call('POST', `element/${id(element)}/click`, {});
  }

  /** Moves the pointer over an element. */
  async hover(element: Element): Promise<void> {
    const move = { type: 'pointerMove', duration: 0, origin: element, x: 0, y: 0 };
    await this.call('POST', 'actions', { actions: [{ type: 'pointer', id: 'mouse', actions: [move] }] });
  }

  /** Presses keys one after the other, wherever the focus is; those in `held` are held down meanwhile. */
  async press(keys: string, held = ''): Promise<void> {
    const down = (value: string) => ({ type: 'keyDown', value });
    const up = (value: string) => ({ type: 'keyUp', value });
    const actions = [...[...held].map(down), ...[...keys].flatMap((key) => [down(key), up(key)]), ...[...held].map(up)];
    await this.call('POST', 'actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** Gives files to a file input. */
  async upload(input: Element, ...files: string[]): Promise<void> {
    await this.call('POST', `element/${id(input)}/value`, { text: files.join('\n') });
  }

  /** What assistive technology hears of an element. */
  async role(element: Element): Promise<string> {
    return this.call('GET', `element/${id(element)}/computedrole`);
  }

  async label(element: Element): Promise<string> {
    return this.call('GET', `element/${id(element)}/computedlabel`);
  }

  /** Goes into a frame of where we are. */
  async enter(frame: Element): Promise<void> {
    await this.call('POST', 'frame', { id: frame });
  }

  async window(): Promise<string> {
    return this.call('GET', 'window');
  }

  /** Opens a window beside the others and answers its name. Not a tab: WebKit's driver can't show one that lies behind. */
  async newWindow(): Promise<string> {
    return (await this.call('POST', 'window/new', { type: 'window' })).handle;
  }

  /** Goes to the page of a tab, out of any frame. */
  async switchTo(window: string): Promise<void> {
    await this.call('POST', 'window', { handle: window });
  }

  async closeWindow(): Promise<void> {
    await this.call('DELETE', 'window');
  }

  /** A PNG of what is seen. */
  async screenshot(): Promise<Buffer> {
    return Buffer.from(await this.call('GET', 'screenshot'), 'base64');
  }

  private call(method: string, path: string, body?: object): Promise<any> {
    return ask(method, `${this.session}/${path}`, body);
  }
}

/** What differs between the two: the driver's command, its environment, and what is asked of the browser. */
async function prepare(
  { engine, colorScheme }: Options,
  port: number,
  run: (command: string[], env?: Env) => Promise<ChildProcess>,
): Promise<{ capabilities: object; command: string[]; env: Env }> {
  const isDark = colorScheme === 'dark';
  if (engine === 'firefox') {
    const binary = process.env.PORCHLIGHT_FIREFOX ?? '/usr/bin/firefox-esr';
    const prefs = {
      'intl.accept_languages': 'en-GB, en',
      'layout.css.prefers-color-scheme.content-override': isDark ? 0 : 1,
    };
    return {
      capabilities: { 'moz:firefoxOptions': { binary, prefs, args: ['-headless'] } },
      // Its second port is a fixed one, unless it is told otherwise.
      command: [process.env.PORCHLIGHT_GECKODRIVER ?? 'geckodriver', `--port=${port}`, '--websocket-port=0'],
      env: {},
    };
  }
  // WebKitGTK's browser has no headless mode. The server says on its fourth descriptor which display was free.
  const screen = await run(['Xvfb', '-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp']);
  const [display] = await once(screen.stdio[3] as Readable, 'data');
  return {
    capabilities: {},
    command: [process.env.PORCHLIGHT_WEBKIT_DRIVER ?? 'WebKitWebDriver', `--port=${port}`, '--host=127.0.0.1'],
    env: {
      DISPLAY: `:${String(display).trim()}`,
      LANG: 'en_GB.UTF-8',
      GTK_THEME: isDark ? 'Adwaita:dark' : 'Adwaita',
      // There is nobody on this display who would answer.
      NO_AT_BRIDGE: '1',
    },
  };
}

type Env = Record<string, string>;

async function run(programs: ChildProcess[], log: WriteStream, [program, ...words]: string[], env: Env = {}) {
  const child = spawn(program!, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  await once(child, 'spawn').catch((error) => {
    throw new Error(`${program} can't be run: ${error.message}. \`cargo xtask engines\` installs what is needed`);
  });
  programs.push(child);
  child.stdout!.pipe(log, { end: false });
  child.stderr!.pipe(log, { end: false });
  return child;
}

/** Ends the programs with all that they started. */
function end(programs: ChildProcess[], log: WriteStream): void {
  for (const { pid } of programs.reverse()) {
    try {
      process.kill(-pid!, 'SIGKILL');
    } catch {
      // They have ended by themselves.
    }
  }
  log.end();
}

async function waitFor(driver: ChildProcess, status: string): Promise<void> {
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 20) {
    if (driver.exitCode !== null) throw new Error(`the driver ended with ${driver.exitCode}; see browser.log`);
    if (await fetch(status).then(({ ok }) => ok, () => false)) return;
    await sleep(20);
  }
  throw new Error(`the driver did not answer in ${START_TIMEOUT_MS / 1000} s; see browser.log`);
}

async function ask(method: string, url: string, body?: object, signal?: AbortSignal): Promise<any> {
  const answer = await fetch(url, {
    method,
    signal,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const { value } = (await answer.json()) as { value: any };
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

/** WebDriver wraps an element's id in an object whose only field has a name that says so. */
function id(element: Element): string {
  return Object.values(element)[0]!;
}

/** WebKit's driver can't choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
