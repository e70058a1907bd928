import { EXTRA, GLOBAL, HOME } from "../agent/notebook.ts";
import type { Room } from "./room.ts";

/** A folder of a group's workspace, and where it lies in the bucket. */
export interface BucketRoot {
  /** `group`, `global`, or a mount's. */
  name: string;
  /** In the workspace. */
  path: string;
  /** The beginning of its keys, with a slash at its end. */
  prefix: string;
  /** By main's word. What a turn may besides is `authorize`'s to say. */
  readOnly: boolean;
}

/** All folders of a group: its own, the global one, then the mounts. None for a chat that nobody registered. */
export function rootsOf(room: Room): BucketRoot[] {
  if (!room.settings) return [];
  const { folder, mounts = [] } = room.settings;
  return [
    { name: "group", path: HOME, prefix: `groups/${folder}/`, readOnly: false },
    { name: "global", path: GLOBAL, prefix: "global/", readOnly: !room.main },
    ...mounts.map((mount) => ({ ...mount, path: `${EXTRA}/${mount.name}` })),
  ];
}
