import { z } from 'zod';

/** What the command line takes from the environment. `main.ts` reads it; everything else is given it. */
export const environmentSchema = z.object({
  /** Address of the server, as `parkway login` would remember it. */
  PARKWAY_URL: z.url().optional(),
  /** A session or API token, instead of the remembered one. */
  PARKWAY_TOKEN: z.string().min(1).optional(),
  /** Where labs keep their state, one folder per name. */
  PARKWAY_LAB_DIR: z.string().default('/var/lib/parkway-lab'),
  /** Where the command line remembers its session. */
  XDG_CONFIG_HOME: z.string().optional(),
  HOME: z.string().default('/root'),
});

export type Environment = z.infer<typeof environmentSchema>;
