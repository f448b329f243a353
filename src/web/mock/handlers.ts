import { accountHandlers } from './account.ts';
import { plantHandlers } from './plants.ts';
import { routeHandlers } from './routes.ts';
import { vpnHandlers } from './vpn.ts';
import type { Handlers } from './types.ts';

/** All that the mock answers, an area per file. */
export const handlers: Handlers = { ...accountHandlers, ...plantHandlers, ...vpnHandlers, ...routeHandlers };
