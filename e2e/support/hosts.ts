import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const PAGES = fileURLToPath(new URL('../hosts/', import.meta.url));

/** A policy that allows a page nothing but the widget, and no policy of Trusted Types. For `setHeaders`. */
export const STRICT_POLICY = [
  "default-src 'none'",
  "script-src {{ORIGIN}} 'nonce-x'",
  'frame-src {{ORIGIN}}',
  "style-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A business's own web site: serves the pages of `hosts/` from another origin than the chat's. */
export class HostServer {
  private readonly headers = new Map<string, Record<string, string>>();

  private constructor(
    private readonly server: HttpServer,
    private readonly places: Record<string, string>,
  ) {}

  static async launch(chat: { origin: string; widgetId: string }): Promise<HostServer> {
    const server = createServer();
    const hosts = new HostServer(server, { ORIGIN: chat.origin, WIDGET_ID: chat.widgetId });
    server.on('request', (request, response) => {
      hosts.page(request.url ?? '/').then(
        ({ html, headers }) => {
          response.writeHead(200, {
            'content-type': 'text/html; charset=utf-8',
            'cache-control': 'no-store',
            ...headers,
          });
          response.end(html);
        },
        () => {
          // Not 404, which a browser that looks for an icon would complain of in the console.
          response.writeHead(204);
          response.end();
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return hosts;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The site under a name that the demo widget allows. */
  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** The same site under a name that the demo widget does not allow. */
  get foreignOrigin(): string {
    return `http://foreign.localhost:${this.port}`;
  }

  /** Sends these headers with a page from now on. `{{ORIGIN}}` in a value stands for the chat's origin. */
  setHeaders(page: string, headers: Record<string, string>): void {
    this.headers.set(page, headers);
  }

  /** A page of `hosts/`. With `?lang=` it says that it is in this language, or with an empty one nothing of its language. */
  private async page(url: string): Promise<{ html: string; headers: Record<string, string> }> {
    const name = /^\/([a-z-]+)(?:\?.*)?$/.exec(url)?.[1];
    if (!name) throw new Error('no such page');
    let html = await readFile(`${PAGES}${name}.html`, 'utf8');
    const language = new URL(url, 'http://localhost').searchParams.get('lang');
    if (language !== null) html = html.replace('<html lang="en">', language ? `<html lang="${language}">` : '<html>');
    const headers = Object.entries(this.headers.get(name) ?? {});
    return {
      html: this.fill(html),
      headers: Object.fromEntries(headers.map(([header, value]) => [header, this.fill(value)])),
    };
  }

  private fill(text: string): string {
    return text.replace(/\{\{(\w+)\}\}/g, (_, place: string) => this.places[place] ?? '');
  }

  async dispose(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
