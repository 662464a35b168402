import { Refusal } from '../refusal.ts';
import type { Account } from './account.ts';
import { createAccount } from './create-account.ts';

/** The accounts of the one UWS user, and the foreign ones, which exist but are not the user's. */
export class AccountBook {
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #foreign: ReadonlySet<string>;

  constructor(names: readonly string[], foreign: readonly string[]) {
    this.#accounts = new Map(names.map((name) => [name, createAccount(name)]));
    this.#foreign = new Set(foreign);
  }

  get names(): string[] {
    return [...this.#accounts.keys()];
  }

  /**
   * The account a request names.
   *
   * Refuses with `REQUEST_FAILED.MultipleAccounts` (none named and the user has several; with one that one is taken),
   * `REQUEST_FAILED.NoAccounts`, `REQUEST_FAILED.AccountName` (not the user's) or `REQUEST_FAILED.AccountNotFound`.
   */
  resolve(name: string | null | undefined): Account {
    if (!name) return this.#only();
    const account = this.#accounts.get(name);
    if (account !== undefined) return account;
    if (this.#foreign.has(name)) {
      throw new Refusal('REQUEST_FAILED.AccountName', 'The account is not associated with the current user.');
    }
    throw new Refusal('REQUEST_FAILED.AccountNotFound', 'The account was not found.');
  }

  /** As {@link resolve}, but the account must be named: `INPUT_INVALID.Account.NotDefined`. */
  require(name: string | null | undefined): Account {
    if (!name) {
      throw new Refusal('INPUT_INVALID.Account.NotDefined', 'An account name is required.');
    }
    return this.resolve(name);
  }

  /** Whether any account of the user has a group of this name. */
  hasGroup(name: string): boolean {
    return [...this.#accounts.values()].some(({ groups }) => groups.some((group) => group.name === name));
  }

  #only(): Account {
    const [first, second] = this.#accounts.values();
    if (first === undefined) throw new Refusal('REQUEST_FAILED.NoAccounts', 'The current user has no accounts.');
    if (second !== undefined) {
      throw new Refusal('REQUEST_FAILED.MultipleAccounts', 'The current user has several accounts; specify one.');
    }
    return first;
  }
}
