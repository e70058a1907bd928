import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublicAddress } from "../../../agent/web/address.ts";
import { checkAddress, type GatePorts } from "../../../agent/web/gate.ts";

/** Names lead where `names` says; nothing is ever fetched. */
function portsWith(names: Record<string, string[]> = {}, more: Partial<GatePorts> = {}): GatePorts {
  return {
    fetch: async () => {
      throw new Error("fetched");
    },
    resolve: async (name) => names[name] ?? [],
    inside: [],
    ...more,
  };
}

const { signal } = new AbortController();

/** Why an address is refused, or undefined. */
async function refusal(address: string, ports = portsWith()): Promise<string | undefined> {
  return checkAddress(address, ports, signal).then(
    () => undefined,
    (error) => error.reason,
  );
}

/** Networks that are not the public internet, as first address and bits. */
const INSIDE: [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

const numberOf = (dotted: string) => dotted.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const octets = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);

const inside = fc
  .constantFrom(...INSIDE)
  .chain(([first, bits]) =>
    fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((host) => numberOf(first) + host),
  );

const octal = (part: number) => `0${part.toString(8)}`;
const hex = (part: number) => `0x${part.toString(16)}`;
const wide = (text: string) =>
  text.replace(/[0-9.]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
const colons = (value: number) => {
  const [a, b, c, d] = octets(value) as [number, number, number, number];
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

/** Every way to write one IPv4 address as a URL's host. */
const SPELLINGS: Record<string, (value: number) => string> = {
  dotted: (value) => octets(value).join("."),
  decimal: (value) => String(value),
  "octal whole": (value) => octal(value),
  "hexadecimal whole": (value) => hex(value),
  "octal parts": (value) => octets(value).map(octal).join("."),
  "hexadecimal parts": (value) => octets(value).map(hex).join("."),
  "mixed parts": (value) =>
    octets(value)
      .map((part, at) => [String, hex, octal, String][at]!(part))
      .join("."),
  "two parts": (value) => `${octets(value)[0]}.${value % 2 ** 24}`,
  "three parts": (value) => `${octets(value).slice(0, 2).join(".")}.${value % 2 ** 16}`,
  "leading zeros": (value) =>
    octets(value)
      .map((part) => `000${part.toString(8)}`)
      .join("."),
  "trailing dot": (value) => `${octets(value).join(".")}.`,
  "full width": (value) => wide(octets(value).join(".")),
  "percent signs": (value) =>
    octets(value)
      .join(".")
      .replace(/[0-9]/g, (sign) => `%3${sign}`),
  mapped: (value) => `[::ffff:${octets(value).join(".")}]`,
  "mapped in hexadecimal": (value) => `[0:0:0:0:0:FFFF:${colons(value)}]`,
  compatible: (value) => `[::${octets(value).join(".")}]`,
  translated: (value) => `[::ffff:0:${octets(value).join(".")}]`,
  NAT64: (value) => `[64:ff9b::${octets(value).join(".")}]`,
  "local NAT64": (value) => `[64:ff9b:1::${octets(value).join(".")}]`,
  "6to4": (value) => `[2002:${colons(value)}::1]`,
  Teredo: (value) => `[2001:0:${colons(value)}::1]`,
  ISATAP: (value) => `[2a00:1450::5efe:${colons(value)}]`,
};

describe("an address that is not public is refused", () => {
  for (const [name, spell] of Object.entries(SPELLINGS))
    test(`in the spelling: ${name}`, () =>
      fc.assert(
        fc.asyncProperty(inside, async (value) => {
          expect(await refusal(`http://${spell(value)}/x`)).toBe("address");
        }),
        { numRuns: 60 },
      ));

  test.each([
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[2001:2::1]",
    "[4000::1]",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
  ])("%s", async (host) => {
    expect(await refusal(`https://${host}/`)).toBe("address");
  });
});

test("addresses of the public internet are let through", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "[2606:4700:4700::1111]",
        "[2a00:1450:4001:81b::200e]",
      ),
      fc.constantFrom("http", "https"),
      fc.constantFrom("", ":80", ":443", ":8080", ":8443", ":3000"),
      async (host, scheme, port) => {
        expect(await refusal(`${scheme}://${host}${port}/a?b=c`)).toBeUndefined();
      },
    ),
  ));

describe("a name that is not public is refused without asking anybody", () => {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return ["1.1.1.1"];
  };
  const ports = portsWith({}, { resolve });
  test.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "router",
    "metadata.google.internal",
    "x.internal.",
    "printer.local",
    "nas.lan",
    "intranet",
    "wiki.corp",
    "4.3.2.1.in-addr.arpa",
    "a.home.arpa",
    "x.test",
    "x.onion",
    "127.0.0.1.nip.io",
    "10-0-0-1.sslip.io",
    "anything.localtest.me",
    "lvh.me",
    "a.lvh.me.",
    "a..example.com",
    "ｌｏｃａｌｈｏｓｔ",
    "loc%61lhost",
    "ⓛocalhost",
    "localhost。",
  ])("%s", async (host) => {
    expect(await refusal(`https://${host}/`, ports)).toBe("address");
    expect(asked).toEqual([]);
  });
});

describe("a name is as good as all that it leads to", () => {
  test.each([
    [["1.1.1.1"], undefined],
    [["1.1.1.1", "2606:4700:4700::1111"], undefined],
    [["127.0.0.1"], "address"],
    [["1.1.1.1", "10.0.0.1"], "address"],
    [["1.1.1.1", "fd00::1"], "address"],
    [["::ffff:169.254.169.254"], "address"],
    [["64:ff9b::a00:1"], "address"],
    [["nonsense"], "address"],
    [[], "dns"],
  ])("%j", async (addresses, reason) => {
    expect(await refusal("https://www.example.com/", portsWith({ "www.example.com": addresses }))).toBe(
      reason,
    );
  });

  test("an international name is asked for as DNS knows it", async () => {
    const ports = portsWith({ "xn--bcher-kva.example": ["1.1.1.1"] });
    expect(await refusal("https://bücher.example/", ports)).toBeUndefined();
  });

  test("nobody answering is a refusal", async () => {
    const ports = portsWith({}, { resolve: () => Promise.reject(new Error("down")) });
    expect(await refusal("https://www.example.com/", ports)).toBe("dns");
  });
});

test.each([
  "ftp://1.1.1.1/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/plain,x",
  "gopher://1.1.1.1/",
  "ws://1.1.1.1/",
  "blob:https://1.1.1.1/x",
  "https://user@1.1.1.1/",
  "https://user:secret@1.1.1.1/",
  "https://example.com@127.0.0.1/",
  "http:///x",
  "/etc/passwd",
  "example.com",
  "",
  "http://1.1.1.1:22/",
  "http://1.1.1.1:25/",
  "http://1.1.1.1:6379/",
  "http://1.1.1.1:11211/",
  "http://256.1.1.1/",
  "http://1.2.3.4.5/",
])("refuses %j", async (address) => {
  expect(await refusal(address)).toBe("address");
});

test("a host that the operator named may be inside, with its port and no other", async () => {
  const ports = portsWith({}, { inside: ["127.0.0.1:8123", "wiki.intranet"] });
  expect(await refusal("http://127.0.0.1:8123/x", ports)).toBeUndefined();
  expect(await refusal("http://2130706433:8123/x", ports)).toBeUndefined();
  expect(await refusal("https://WIKI.intranet/x", ports)).toBeUndefined();
  expect(await refusal("http://127.0.0.1:8124/x", ports)).toBe("address");
  expect(await refusal("http://wiki.intranet:8080/x", ports)).toBe("address");
});

test("the group's policy comes before all", async () => {
  const allowed = (host: string) => (host === "ok.example.com" ? undefined : `not ${host}`);
  const ports = portsWith({ "ok.example.com": ["1.1.1.1"] }, { allowed, inside: ["127.0.0.1:1"] });
  expect(await refusal("https://ok.example.com/", ports)).toBeUndefined();
  expect(await refusal("https://1.1.1.1/", ports)).toBe("egress");
  expect(await refusal("http://127.0.0.1:1/", ports)).toBe("egress");
});

test("what is no address at all is not public", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (!/^[\d.]+$|:/.test(text)) expect(isPublicAddress(text)).toBe(false);
    }),
  );
});
