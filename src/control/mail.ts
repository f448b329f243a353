/** Mail through the operator's SMTP server. Without one, links are shown to whoever made them. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';

/** How mail leaves. The URL may hold a password, so a file can hold the URL. */
export interface MailConfig {
  readonly url: string | undefined;
  readonly urlFile: string | undefined;
  readonly from: string;
}

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends one mail. Rejects when the server did not take it. */
export type Mailer = (mail: Mail) => Promise<void>;

const TIMEOUT_MS = 10_000;

/**
 * Opens the way to an SMTP server, `smtp://` (with STARTTLS, demanded unless the server is on this machine) or `smtps://`. Throws
 * without the URL, which may hold a password, when it is none.
 */
export async function openMailer({ url, urlFile, from }: MailConfig): Promise<Mailer> {
  const text = url ?? (urlFile === undefined ? '' : (await readFile(urlFile, 'utf8')).trim());
  const server = URL.parse(text);
  if (server === null || !/^smtps?:$/.test(server.protocol)) {
    throw new Error('control does not start: the SMTP address must be smtp://… or smtps://….');
  }
  const secure = server.protocol === 'smtps:';
  const host = server.hostname.replaceAll(/[[\]]/g, '');
  const transport = createTransport({
    host,
    port: Number(server.port || (secure ? 465 : 587)),
    secure,
    requireTLS: !isLoopback(host),
    ignoreTLS: isLoopback(host),
    ...(server.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async (mail) => {
    await transport.sendMail({ from, ...mail });
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
