import { type RawBuilder, sql } from 'kysely';
import { isLive } from './liveness.ts';

/** `none`: neither agent nor token; `waiting`: a token is out, or the agent was never seen. */
export type AgentState = 'none' | 'waiting' | 'connected' | 'disconnected';

/** The state of the agent of the plant that stands as `p` in the query (VPN-12). */
export function agentState(now: Date): RawBuilder<AgentState> {
  return sql<AgentState>`(
    select case
      when st.seen_at is not null then case when ${isLive('st.seen_at')} then 'connected' else 'disconnected' end
      when a.id is not null or exists (
        select from enrollment_tokens t where t.plant_id = p.id and t.used_at is null and t.expires_at > ${now}) then 'waiting'
      else 'none' end
      from (values (1)) one
      left join agents a on a.plant_no = p.no
      left join agent_status st on st.plant_no = p.no)`;
}
