import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request was made with. */
interface Asked {
  method: string;
  /** Without what stands behind `?`. */
  path: string;
  token: string;
}

/** Stands before the server as a proxy would, speaks HTTP/1.1, and counts what the browser asks for. */
export class Front {
  /** Every request so far. */
  readonly asked: Asked[] = [];
  /** Event streams that are open now. */
  nStreams = 0;
  /** Answers some requests itself, as an error of this status. */
  refuse: (asked: Asked) => number | undefined = () => undefined;

  private readonly mutes: (() => void)[] = [];
  private isCut = false;

  private constructor(
    private readonly server: HttpServer,
    private readonly behind: URL,
  ) {}

  static async launch(behind: string): Promise<Front> {
    const server = createServer();
    const front = new Front(server, new URL(behind));
    server.on('request', (request, response) => front.pass(request, response));
    server.on('connection', (connection) => front.isCut && connection.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return front;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How often this was asked for. */
  count(method: string, path: RegExp): number {
    return this.asked.filter((asked) => asked.method === method && path.test(asked.path)).length;
  }

  /** The streams that are open stay so and say nothing any more, as when a network goes without a word. */
  muteStreams(): void {
    this.mutes.splice(0).forEach((mute) => mute());
  }

  /** Breaks every connection and takes no new one, as when the visitor's network is gone. */
  cut(): void {
    this.isCut = true;
    this.server.closeAllConnections();
  }

  /** Takes connections again. */
  mend(): void {
    this.isCut = false;
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const asked = {
      method: request.method ?? '',
      path: request.url?.split('?')[0] ?? '',
      token: request.headers.authorization ?? '',
    };
    this.asked.push(asked);
    const status = this.refuse(asked);
    if (status !== undefined) {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 'token_expired', message: 'Not any more.' } }));
      return;
    }
    const onward = ask(new URL(request.url ?? '/', this.behind), { method: asked.method, headers: request.headers });
    // The browser is to see just what the server does, a connection that breaks off as well.
    onward.on('error', () => response.destroy());
    onward.on('response', (answer) => {
      answer.on('error', () => response.destroy());
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      if (asked.path === '/widget/v1/stream' && answer.statusCode === 200) {
        this.nStreams += 1;
        response.on('close', () => (this.nStreams -= 1));
        this.mutes.push(() => answer.unpipe(response).resume());
      }
    });
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  async dispose(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
