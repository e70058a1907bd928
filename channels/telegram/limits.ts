import type { FileLimits } from "../files.ts";

const MB = 1024 * 1024;

/** https://core.telegram.org/bots/api#sending-files, #sendmediagroup; of a caption: #sendphoto */
export const FILES: FileLimits = {
  bytes: 50 * MB,
  together: 10,
  // Documents make albums with documents only.
  mixed: false,
  caption: 1024,
  pictures: { mimes: ["image/jpeg", "image/png", "image/webp"], bytes: 10 * MB },
};
