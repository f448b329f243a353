import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { App } from './app.ts';

type Policy = Extract<NonNullable<FastifyHelmetOptions['contentSecurityPolicy']>, object>;

const NOTHING = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'object-src': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** What no page of Parkway asks a browser for. */
const PERMISSIONS = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
];

/**
 * Sets the headers of every answer that tell a browser to be careful. What an API answer shows as a document may load
 * nothing; pages get a policy of their own (`pagePolicy`). Links carry secrets in their fragments: no referrer at all.
 *
 * @param publicUrl HTTPS there means HTTPS for ever
 */
export async function setHeaders(app: App, publicUrl: string): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { ...NOTHING, 'form-action': ["'none'"] } },
    strictTransportSecurity: publicUrl.startsWith('https:') ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  const permissions = PERMISSIONS.map((feature) => `${feature}=()`).join(', ');
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('permissions-policy', permissions);
    // Answers are about somebody; only the assets of the web app say otherwise.
    void reply.header('cache-control', 'no-store');
  });
}

/**
 * The policy of the document of the web app. Scripts come from files of ours alone. Style elements are made at run time and
 * carry the nonce of this answer. Trusted types are not asked for: React and Mantine fill those elements with `innerHTML`.
 */
export function pagePolicy(nonce: string): Policy {
  return {
    useDefaults: false,
    directives: {
      ...NOTHING,
      'script-src': ["'self'"],
      'style-src': ["'self'", `'nonce-${nonce}'`],
      'font-src': ["'self'", 'data:'],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
      'manifest-src': ["'self'"],
      'form-action': ["'self'"],
    },
  };
}
