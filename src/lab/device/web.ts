import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { timingSafeEqual, createHash } from 'node:crypto';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a device says about itself. */
export interface Identity {
  readonly plant: string;
  readonly device: string;
  readonly address: string;
}

export interface WebOptions {
  readonly identity: Identity;
  /** The one account of the HTTPS interface. */
  readonly login: { readonly user: string; readonly password: string };
  /** Self-signed, as PEM files. */
  readonly tls: { readonly key: string; readonly certificate: string };
}

/** The web interfaces of a device: open on port 80 with a WebSocket echo at /echo, and behind a login with TLS on port 443. */
export async function serveWeb({ identity, login, tls }: WebOptions): Promise<void> {
  const open = createServer(page(identity));
  const echo = new WebSocketServer({ server: open, path: '/echo' });
  echo.on('connection', (socket: WebSocket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  open.listen(80);
  const [key, cert] = await Promise.all([readFile(tls.key), readFile(tls.certificate)]);
  createTlsServer({ key, cert }, guarded(login, page(identity))).listen(443);
}

function page({ plant, device, address }: Identity): RequestListener {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${device} · ${plant}</title>
<h1>${device}</h1><p>Plant: ${plant}</p><p>Address: ${address}</p></html>\n`;
  return (_request, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}

/** HTTP basic authentication, as old devices have it. */
function guarded(login: WebOptions['login'], inner: RequestListener): RequestListener {
  const expected = digest(`Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`);
  return (request, response) => {
    if (timingSafeEqual(expected, digest(request.headers.authorization ?? ''))) return inner(request, response);
    response
      .writeHead(401, { 'www-authenticate': 'Basic realm="device"', 'content-type': 'text/plain' })
      .end('Sign in.\n');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
