/** Schemes whose origins a browser writes in one form only: in lower case, in ASCII, without the port that the scheme has anyway. */
const WEB = /^https?:/;
/** Any other scheme: web views (`capacitor://localhost`, `tauri://localhost`), desktop programs (`app://-`), extensions of browsers. */
const OTHER = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]*$/;

/** @returns why no client ever sends this as its Origin, behind the origin; null if one may. */
export function originFault(origin: string): string | null {
  if (origin === 'null')
    return 'is what any web site can make its pages send, and so it would allow all of them. Serve the page under a scheme or a name of its own';
  if (origin.includes('*')) return 'has an asterisk, which stands for nothing here. Name each origin';
  if (!/^[a-z][a-z0-9+.-]*:\/\//.test(origin)) return 'has no scheme. Write it as the browser does: https://app.example.com';
  if (/^wss?:/.test(origin)) return 'is the address of a WebSocket. Its page is https:// or http://';
  if (!WEB.test(origin)) return OTHER.test(origin) ? null : 'has something behind its host. Leave the path out, and the slash';
  if (!URL.canParse(origin)) return 'is no URL';
  const written = new URL(origin);
  if (
    written.username !== '' ||
    written.password !== '' ||
    !['', '/'].includes(written.pathname) ||
    /[?#]/.test(origin) ||
    origin.endsWith('/')
  )
    return 'has more than scheme, host and port. Leave the rest out, the slash at the end too';
  return written.origin === origin ? null : `is written ${written.origin} by browsers. Write it like that`;
}
