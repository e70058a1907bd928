import type { Arrivals } from "./arrivals.ts";
import type { Budget } from "./budget.ts";
import type { Groups } from "./groups.ts";
import type { Office } from "./office.ts";
import type { InstallStatus } from "./rpc.ts";
import { settingsOf } from "./settings.ts";

/** The install as its owner sees it: groups, chats that wait, what today has cost in USD and tokens. */
export function statusOf({ config }: Office, budget: Budget, arrivals: Arrivals, all: Groups): InstallStatus {
  const { usd: spentUsd, tokens: spentTokens } = budget.spent();
  const limits = { budgetUsd: config.BUDGET_INSTALL_USD, budgetTokens: config.BUDGET_INSTALL_TOKENS };
  const pending = arrivals.list().map(({ address, title, at }) => ({ address, title, at }));
  const groups = all.list().map((row) => ({ ...settingsOf(row), lastActiveAt: row.lastActiveAt }));
  return { groups, pending, spentUsd, spentTokens, ...limits };
}
