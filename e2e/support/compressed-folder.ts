import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Serves the files of a folder in brotli, as the server serves the panel's, and at `/` a page with a button that frames its document. */
export async function serveCompressed(folder: string): Promise<Server> {
  const page = `<!doctype html><title>Page</title><button>Open</button><script>
    document.querySelector('button').onclick = () =>
      document.body.append(Object.assign(document.createElement('iframe'), { src: '/index.html' }));
  </script>`;
  const files = new Map([['/', { body: brotliCompressSync(page), type: TYPES['.html']! }]]);
  for (const name of readdirSync(folder)) {
    const type = TYPES[path.extname(name)];
    if (type) files.set(`/${name}`, { body: brotliCompressSync(readFileSync(path.join(folder, name))), type });
  }
  const server = createServer(({ url = '' }, response) => {
    const file = files.get(url);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type, 'content-encoding': 'br', 'content-length': file.body.length });
    response.end(file.body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

export function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
