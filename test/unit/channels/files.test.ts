import fc from "fast-check";
import { expect, test } from "vitest";
import type { Part } from "../../../channels/channel.ts";
import { isPicture, type OutgoingFile, pictureType, planParts, takenApart } from "../../../channels/files.ts";
import { channels } from "../../../channels/index.ts";

const limits = Object.entries(channels).map(([name, { limits }]) => [name, limits.files] as const);
const mimes = ["image/png", "image/jpeg", "image/gif", "image/webp", "text/csv", "application/pdf"];

const files = fc.array(
  fc.record({ mime: fc.constantFrom(...mimes), size: fc.integer({ min: 1, max: 10 * 1024 * 1024 }) }),
  { maxLength: 10 },
);
const parts = fc.array(
  fc.integer({ min: 1, max: 3000 }).map((length): Part => ({ body: "x".repeat(length), plain: "y" })),
  { minLength: 1, maxLength: 4 },
);
const named = (list: { mime: string; size: number }[]): OutgoingFile[] =>
  list.map((file, place) => ({ ...file, name: `${place}`, key: `media/a/${place}`, path: `/${place}` }));

test.each(limits)("%s gets every text and every file once, in order, within its limits", (_, limit) => {
  fc.assert(
    fc.property(parts, files, (texts, list) => {
      const all = named(list);
      const planned = planParts(texts, all, limit);
      expect(planned.map(({ body }) => body).filter(Boolean)).toEqual(texts.map(({ body }) => body));
      expect(planned.flatMap((part) => part.files ?? [])).toEqual(all.map((_, place) => place));
      for (const { body, files: places } of planned) {
        if (!places) continue;
        expect(places.length).toBeLessThanOrEqual(limit.together);
        expect(body.length).toBeLessThanOrEqual(limit.caption);
        const shown = new Set(places.map((place) => isPicture(all[place]!, limit)));
        if (!limit.mixed) expect(shown.size).toBe(1);
      }
    }),
  );
});

test("what is refused is taken apart until a single file is left, and the text stays", () => {
  const whole = { body: "<b>hi</b>", plain: "hi", files: [0, 1, 2] };
  const [text, ...singles] = takenApart(whole);
  expect(text).toMatchObject({ body: "<b>hi</b>", plain: "hi", alone: true });
  expect(text).not.toHaveProperty("files");
  expect(singles.map((part) => part.files)).toEqual([[0], [1], [2]]);
  for (const single of singles) expect(takenApart(single)).toEqual([]);
});

test.each([
  ["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", [0xff, 0xd8, 0xff, 0xe0]],
  ["image/gif", [...new TextEncoder().encode("GIF89a")]],
  ["image/webp", [...new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8 ")]],
  [undefined, [...new TextEncoder().encode("<svg onload=alert(1)>")]],
  [undefined, []],
])("%s is known by its bytes", (mime, bytes) => {
  expect(pictureType(Uint8Array.from(bytes))).toBe(mime);
});
