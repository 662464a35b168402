import { isIP } from 'node:net';
import type { Neighbours } from '../../src/server/host.ts';

/** Names that a container, or the emulator of a phone, has for the machine that it runs on. */
const MACHINE_NAMES = ['host.docker.internal', 'host.containers.internal'];
/** What the emulators of Android (its own and Genymotion's) have for it. */
const MACHINE_ADDRESSES = ['10.0.2.2', '10.0.3.2'];

/** What this needs to know of the environment: whether it is a code space, and which. */
export type CodeSpaceEnv = Readonly<
  Partial<Record<'CODESPACE_NAME' | 'GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN' | 'GITPOD_WORKSPACE_URL', string | undefined>>
>;

/**
 * Who may call the sandbox: pages of this machine on any port, programs with a scheme of their own, the ports of the code space that
 * it runs in, and what its flags name. No other web site may: the sandbox does nothing in earnest, but it should not teach what
 * the gateway refuses.
 */
export function findNeighbours(
  { origins, hosts }: { readonly origins: readonly string[]; readonly hosts: readonly string[] },
  env: CodeSpaceEnv,
): Neighbours {
  const spaces = codeSpaceHosts(env);
  const isOfCodeSpace = (name: string) => spaces.some((form) => form.test(name));
  return {
    // Nobody can make an address resolve to this machine, as can be done with a name (DNS rebinding).
    isHost: (name) => isIP(name) !== 0 || isOfThisMachine(name) || isOfCodeSpace(name) || hosts.some((host) => fits(host, name)),
    isOrigin: (origin) => {
      if (origins.some((each) => fits(each, origin))) return true;
      const [, scheme = '', host = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)$/.exec(origin) ?? [];
      if (scheme === '') return false;
      // Web sites have no other schemes: this is a web view, a desktop program, or an extension of the browser.
      if (scheme !== 'http' && scheme !== 'https') return true;
      const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
      return isOfThisMachine(name) || MACHINE_ADDRESSES.includes(name) || isOfCodeSpace(name);
    },
  };
}

function isOfThisMachine(name: string): boolean {
  const isLocal = name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
  return isLocal || MACHINE_NAMES.includes(name);
}

/** The names of the ports of this code space, which its owner alone can open. */
function codeSpaceHosts(env: CodeSpaceEnv): RegExp[] {
  const forms: RegExp[] = [];
  const { CODESPACE_NAME: github, GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: domain = 'app.github.dev', GITPOD_WORKSPACE_URL: gitpod } = env;
  if (github) forms.push(new RegExp(`^${escape(github)}-\\d{1,5}\\.${escape(domain)}$`));
  if (gitpod && URL.canParse(gitpod)) forms.push(new RegExp(`^\\d{1,5}-${escape(new URL(gitpod).hostname)}$`));
  return forms;
}

/** An asterisk stands for letters, digits, dashes and points. */
function fits(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern.toLowerCase() === value;
  return new RegExp(`^${pattern.toLowerCase().split('*').map(escape).join('[a-z0-9.-]+')}$`).test(value);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
