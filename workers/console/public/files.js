// Files that the assistant sent: pictures inside the page, everything else as a link that downloads.

/** @typedef {import("../../../channels/web/frames.ts").ShownFile} ShownFile */

const CHAT = "/api/chat/web:main/files";

/** @param {ShownFile[]} files @returns {HTMLElement[]} */
export function shownFiles(files) {
  return files.map((file) => (file.picture ? picture(file) : download(file)));
}

/** @param {ShownFile} file */
function picture(file) {
  const link = linkTo(file);
  link.target = "_blank";
  const image = document.createElement("img");
  image.src = link.href;
  image.alt = file.name;
  image.loading = "lazy";
  link.className = "picture";
  link.append(image);
  return link;
}

/** @param {ShownFile} file */
function download(file) {
  const link = linkTo(file);
  link.className = "file";
  link.download = file.name;
  link.textContent = `${file.name} (${sizeOf(file.size)})`;
  return link;
}

/** @param {ShownFile} file */
function linkTo({ id, name }) {
  const link = document.createElement("a");
  link.href = `${CHAT}/${id}/${encodeURIComponent(name)}`;
  return link;
}

/** @param {number} bytes */
function sizeOf(bytes) {
  const kilobytes = Math.max(1, Math.round(bytes / 1024));
  return kilobytes < 1024 ? `${kilobytes} KB` : `${(kilobytes / 1024).toFixed(1)} MB`;
}
