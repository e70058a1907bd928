/** Serve a module by fetching its path from whatever host the path names: asking is telling that host. */
const RELAYS = ["proxy.golang.org", "sum.golang.org"];
/** Beside GitHub: their APIs and pages of integrations ask servers that a project names. */
const FORGES = ["gitlab.com", "bitbucket.org", "codeberg.org"];
/** No segment is empty, hidden or percent-encoded, so every server reads the path as this does. */
const PROJECT = String.raw`^/(?!api/)\w[\w.-]*(?:/[\w.][\w.-]*)+`;
const FILES = new RegExp(`${PROJECT}(?:/-/(?:raw|blob|tree|archive)/.*)?$`, "i");
const GIT = new RegExp(`${PROJECT}/git-upload-pack$`, "i");
/** Names of headers and parameters that say who asks: with them a request is a deed of theirs, also where it reads. */
const SECRET = /^(?:proxy-)?authorization$|^cookie$|(?:^|[-_])(?:token|api[-_]?key)$/i;

/**
 * Why a turn that has read text from outside may not make this request to a host on its group's list; undefined where
 * it only reads, as nobody in particular. A host learns what is asked of it: docs/threat-model.md says what remains.
 */
export function whyNotReading({ method, headers }: Request, url: URL): string | undefined {
  const host = url.hostname.replace(/\.$/, "");
  if (RELAYS.includes(host)) return told(`${host} asks other hosts for what it is asked`);
  if ([...headers.keys(), ...url.searchParams.keys()].some((name) => SECRET.test(name)))
    return told(`nothing may be asked of ${host} in somebody's name`);
  const isFetch = method === "POST" && url.search === "" && GIT.test(url.pathname);
  const isCode = FORGES.includes(host);
  if (isFetch && (isCode || host === "github.com")) return undefined;
  const reads = ["GET", "HEAD", "OPTIONS"].includes(method) && (!isCode || FILES.test(url.pathname));
  return reads
    ? undefined
    : told(`nothing but packages and files may be asked of ${host}, nor be sent there`);
}

function told(what: string): string {
  return `This conversation has read text from outside, so ${what} from here.`;
}
