import type { FileLimits } from "../files.ts";
import { MEDIA_CAP } from "../frames.ts";

/** The companion fetches the files. Larger pictures go as files, whole. */
export const FILES: FileLimits = {
  bytes: MEDIA_CAP,
  together: 1,
  mixed: false,
  caption: 1024,
  pictures: { mimes: ["image/jpeg", "image/png"], bytes: 5 * 1024 * 1024 },
  byKey: true,
};
