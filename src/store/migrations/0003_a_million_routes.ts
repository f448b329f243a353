import { type Kysely, sql } from 'kysely';

/**
 * What a large installation needs: an index for each look-up and each deletion that read a whole table, statistics that
 * keep up with `changes`, and room in the pages of what is updated every second, so that its indexes are not.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create index changes_gateway on changes (revision) where kind = 'gateway'`,
  `create index grants_organization on grants (organization_id)`,
  `create index route_settings_reach on route_settings (user_id, plant_no)`,
  `create index enrollment_tokens_plant on enrollment_tokens (plant_id)`,
  `create index enrollment_tokens_gateway on enrollment_tokens (gateway_id)`,
  `create index enrollment_tokens_created on enrollment_tokens (created_at)`,
  `create index idempotency_keys_created on idempotency_keys (created_at)`,
  `create index corrections_at on corrections (at)`,
  `create index sessions_expires on sessions (expires_at)`,
  `create index invitations_user on invitations (user_id)`,
  `alter table changes set (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000)`,
  `alter table agent_status set (fillfactor = 50)`,
  `alter table gateway_status set (fillfactor = 50)`,
];
