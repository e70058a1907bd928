"""The Worker's hands inside a container: runs one command and says what became of the files.

The Worker writes this file and a request, and starts it as root: `hands.py run REQUEST`, `hands.py fetch REQUEST`,
`hands.py look KEPT`, `hands.py stop`. The answer is one JSON object on stdout. Beside this file, readable by root alone, lie
the boot marker and the base: what each file was when both sides last agreed, with the notebook's version of it.
The marker, the base and the files live on one disk, so a container that was started anew knows of none of them.
"""

import base64
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import selectors
import shutil
import signal
import stat
import subprocess
import sys
import time

STATE = os.path.dirname(os.path.abspath(__file__))
# A prefix for all paths, for machines whose own root is not to be touched.
ROOT = os.environ.get("NANOFLARE_ROOT", "")
USER = 1000
# What tools make again by themselves.
MADE_AGAIN = {"node_modules", "__pycache__", ".venv", ".cache", ".npm", ".local"}
MOST_SEEN = 20_000
# Letters of all their paths, as these are in the answer.
MOST_LETTERS = 4_000_000
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
CHUNK = 1 << 16
# Stands beside paths, which begin with a slash.
CHANGED = "changed"


def state(name):
    return os.path.join(STATE, name)


def read_json(name, otherwise):
    try:
        with open(state(name), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return otherwise


def write_json(name, value):
    """Whole or not at all, whatever ends this process."""
    with open(state(name + ".new"), "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(state(name + ".new"), state(name))


# Files. Paths are those that commands see, without ROOT.


@contextlib.contextmanager
def above(path):
    """The folder of a path, opened name by name, and the path's last name. A link in a folder's place is an error: it
    leads where commands may not look."""
    *folders, name = path.split("/")[1:]
    opened = os.open(ROOT or "/", FOLDER)
    try:
        for folder in folders:
            below = os.open(folder, FOLDER, dir_fd=opened)
            os.close(opened)
            opened = below
        yield opened, name
    finally:
        os.close(opened)


def look_up(path):
    """What lies there; None where nothing does."""
    try:
        with above(path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None


def kind(path):
    info = look_up(path)
    return stat.S_IFMT(info.st_mode) if info else 0


def opened(path):
    """A plain file, to read."""
    with above(path) as (folder, name):
        return open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb")


def remove(path):
    with above(path) as (folder, name):
        os.unlink(name, dir_fd=folder)


def digest(path):
    """SHA-256 of a plain file; None for anything else."""
    if kind(path) != stat.S_IFREG:
        return None
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else by_parts(file)


def by_parts(file):
    sha = hashlib.sha256()
    while part := file.read(CHUNK):
        sha.update(part)
    return sha.hexdigest()


def digest_of(path, info, known):
    """As `digest`, without reading what was read before: nobody but root can set the time of a file's last change."""
    seen = [info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns]
    before = known.get(path)
    if before and before[:4] == seen:
        return before[4]
    known[path] = [*seen, digest(path)]
    known[CHANGED] = True
    return known[path][4]


def walk(folders, largest):
    """Plain files as {path: [sha, size]}, and what can't be kept as {path: why}."""
    known = read_json("known", {})
    found = walk_with(folders, largest, known)
    if known.pop(CHANGED, False):
        write_json("known", {path: known[path] for path in found[0]})
    return found


def walk_with(folders, largest, known):
    files, odd, letters = {}, {}, 0
    waiting = [ROOT + folder for folder in folders if kind(folder) == stat.S_IFDIR]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            letters += len(entry.path)
            if len(files) + len(odd) >= MOST_SEEN or letters > MOST_LETTERS:
                return files, odd, True
            look_at(entry, files, odd, waiting, largest, known)
    return files, odd, False


def look_at(entry, files, odd, waiting, largest, known):
    path = entry.path[len(ROOT) :]
    if entry.is_dir(follow_symlinks=False):
        if entry.name not in MADE_AGAIN:
            waiting.append(entry.path)
        return
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        info = entry.stat(follow_symlinks=False)
    except OSError as error:
        odd[shown] = error.strerror
        return
    if entry.is_symlink():
        odd[shown] = "a link"
    elif not stat.S_ISREG(info.st_mode):
        odd[shown] = "no plain file"
    elif shown != path:
        odd[shown] = "its name is not Unicode"
    elif info.st_size > largest:
        odd[shown] = f"it has {info.st_size} bytes; a file has at most {largest}"
    else:
        files[path] = [digest_of(path, info, known), info.st_size]


def look_again(files, odd, base, largest):
    """Files that the notebook has are looked at wherever they lie, also in folders that are made again."""
    for path in base:
        if path in files or path in odd or kind(path) != stat.S_IFREG:
            continue
        size = look_up(path).st_size
        if size > largest:
            odd[path] = f"it has {size} bytes; a file has at most {largest}"
        else:
            files[path] = [digest(path), size]


def make_folders(path, owner):
    """The folders above a path; False where a file stands in the way. A link is not followed but removed."""
    here = ""
    for part in path.split("/")[1:-1]:
        here += "/" + part
        if kind(here) == stat.S_IFDIR:
            continue
        if kind(here) == stat.S_IFLNK:
            remove(here)
        elif kind(here):
            return False
        with above(here) as (folder, name):
            os.mkdir(name, 0o755, dir_fd=folder)
        own(here, owner)
    return True


def own(path, owner):
    if os.geteuid() == 0:
        with above(path) as (folder, name):
            os.chown(name, owner, owner, dir_fd=folder, follow_symlinks=False)


def make(path, data, owner):
    with above(path) as (folder, name):
        made = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
    with open(made, "wb") as file:
        file.write(data)
    own(path, owner)


def apply(push, base, roots):
    """Takes over one change of the notebook, unless the file here is neither as agreed nor as it shall be."""
    path = push["path"]
    owner = USER if any(path.startswith(root["path"] + "/") and not root["readOnly"] for root in roots) else 0
    now, wanted = digest(path), push.get("sha")
    agreed = base.get(path, [None])[0]
    if (now is not None and now not in (agreed, wanted)) or kind(path) == stat.S_IFDIR:
        return
    if wanted is None:
        if now is not None:
            remove(path)
        base.pop(path, None)
        return
    if now != wanted:
        if not make_folders(path, owner):
            return
        if kind(path):
            remove(path)
        make(path, base64.b64decode(push["data"]), owner)
    base[path] = [wanted, push["version"]]


def revert(base, roots, largest):
    """Forgets what changed here since both sides agreed."""
    files, odd, _ = walk([root["path"] for root in roots], largest)
    look_again(files, odd, base, largest)
    for path, (sha, _) in files.items():
        if base.get(path, [None])[0] != sha:
            remove(path)
            base.pop(path, None)
    for path in odd:
        if kind(path) not in (0, stat.S_IFDIR):
            remove(path)
    for path in [path for path in base if not kind(path)]:
        del base[path]


# Commands


def adopt_orphans():
    """Processes that leave their parent become ours, so that none outlives the command."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def descendants():
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(pid))
        except (OSError, IndexError, ValueError):
            continue
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def end_all(grace):
    """TERM, and KILL for whatever is still there when the grace, in seconds, is over."""
    if not reap():
        return
    until = time.monotonic() + grace
    send(descendants(), signal.SIGTERM)
    while time.monotonic() < until and reap():
        time.sleep(0.01)
    while reap():
        freeze()
        send(descendants(), signal.SIGKILL)
        time.sleep(0.002)


def freeze():
    """Stops all where they stand: what multiplies would outrun a kill one by one."""
    seen = set()
    while new := set(descendants()) - seen:
        send(new, signal.SIGSTOP)
        seen |= new


def reap():
    """Whether any process of ours is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    except ChildProcessError:
        return False


def guarded(command, request):
    """The command as nobody special, with bounds that a fork bomb and a huge file run into."""
    bounds = request["bounds"]
    limits = ["prlimit", f"--fsize={bounds['fileBytes']}", "--core=0", "--nofile=4096"]
    if os.geteuid() != 0:
        return [*limits, "bash", "-c", command]
    limits.append(f"--nproc={bounds['processes']}")
    drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
    return [*drop, *limits, "bash", "-c", command]


class Kept:
    """The head and the tail of an output, and how much is missing between them."""

    def __init__(self, most):
        self.half = most // 2
        self.head, self.tail, self.all = bytearray(), bytearray(), 0

    def add(self, data):
        self.all += len(data)
        room = self.half - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > 2 * self.half:
            del self.tail[: -self.half]

    def text(self):
        del self.tail[: -self.half]
        missing = self.all - len(self.head) - len(self.tail)
        gap = f"\n[{missing} bytes were not kept]\n".encode() if missing else b""
        return (bytes(self.head) + gap + bytes(self.tail)).decode("utf-8", "replace")


class Stopped(Exception):
    pass


def on_term(*_):
    raise Stopped


def execute(request):
    """Runs the command and answers its exit code, how it ended early, and its output."""
    bounds, env = request["bounds"], request["env"]
    out, err, ended = Kept(bounds["outputBytes"]), Kept(bounds["outputBytes"]), None
    adopt_orphans()
    child = subprocess.Popen(
        guarded(request["command"], request),
        cwd=ROOT + request["cwd"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )
    until = time.monotonic() + request["seconds"]
    try:
        code, ended = watch(child, {child.stdout: out, child.stderr: err}, until, bounds["floodBytes"])
    except Stopped:
        code, ended = 130, "stopped"
    # Whoever asked to stop may ask again; what follows is short and must be whole.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_all(1 if ended else 0)
    return {"exitCode": code, "ended": ended, "stdout": out.text(), "stderr": err.text()}


def watch(child, outputs, until, flood):
    """Reads until the command itself has ended; what it left behind may hold its output open."""
    with selectors.DefaultSelector() as selector:
        for pipe in outputs:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ)
        selector.register(os.pidfd_open(child.pid), selectors.EVENT_READ)
        while True:
            code = child.poll()
            progressed = drain(selector, outputs, 0 if code is not None else until - time.monotonic())
            if sum(kept.all for kept in outputs.values()) > flood:
                return 126, "limit"
            if code is not None and not progressed:
                return (128 - code if code < 0 else code), None
            if time.monotonic() > until:
                return 124, "timeout"


def drain(selector, outputs, wait):
    """Takes what is there. Whether any of it was output."""
    progressed = False
    for key, _ in selector.select(max(wait, 0)):
        data = os.read(key.fd, CHUNK) if key.fileobj in outputs else b""
        if data:
            outputs[key.fileobj].add(data)
            progressed = True
        else:
            selector.unregister(key.fileobj)
    return progressed


# Requests


def lock():
    """One request at a time. A command whose Worker is gone is ended first."""
    file = open(state("lock"), "a+", encoding="utf-8")
    for _ in range(1000):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            return file
        except BlockingIOError:
            tell_running()
            time.sleep(0.02)
    raise SystemExit("the command before does not end")


def tell_running():
    try:
        with open(state("lock"), encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGTERM)
    except (OSError, ValueError):
        pass


def with_content(paths, most):
    """Contents in base64, as many as fit."""
    contents = {}
    for path in paths:
        if kind(path) != stat.S_IFREG or look_up(path).st_size > most:
            continue
        with opened(path) as file:
            data = file.read()
        most -= len(data)
        contents[path] = base64.b64encode(data).decode()
    return contents


def run(request):
    held = lock()
    signal.signal(signal.SIGTERM, on_term)
    marker = read_json("marker", None)
    if request.get("start"):
        # What lies here without a base is nobody's.
        for root in request["roots"] if marker else []:
            shutil.rmtree(ROOT + root["path"], ignore_errors=True)
        marker = request["marker"]
        write_json("base", {})
        write_json("marker", marker)
    if marker != request["marker"]:
        return {"lost": True}
    base, roots = read_json("base", {}), request["roots"]
    for root in roots:
        make_folders(root["path"] + "/x", 0 if root["readOnly"] else USER)
        own(root["path"], 0 if root["readOnly"] else USER)
    for path, entry in request.get("agreed", {}).items():
        base.pop(path, None)
        if entry:
            base[path] = entry
    push(request, base, roots)
    if request.get("agreed") or request.get("parts"):
        write_json("base", base)
    if "command" not in request:
        return {"marker": marker, "ran": False}
    writable = [root for root in roots if not root["readOnly"]]
    write_json("last", {"roots": writable, "largest": request["bounds"]["largest"], "run": request["run"]})
    answer = answer_with(execute(request), request, base, roots)
    held.close()
    return {"marker": marker, "ran": True, **answer}


def push(request, base, roots):
    for part in request.get("parts", []):
        with open(part, encoding="utf-8") as file:
            for change in json.load(file):
                apply(change, base, roots)
        os.unlink(part)


def answer_with(result, request, base, roots):
    writable = [root for root in roots if not root["readOnly"]]
    if result["ended"] == "stopped":
        return {**result, "base": base}
    files, odd, cut = walk([root["path"] for root in writable], request["bounds"]["largest"])
    look_again(files, odd, base, request["bounds"]["largest"])
    changed = [path for path, (sha, _) in files.items() if base.get(path, [None])[0] != sha]
    contents = with_content(changed, request["bounds"]["inline"])
    return {**result, "base": base, "files": files, "odd": odd, "cut": cut, "contents": contents}


def look(kept):
    """What is known here. What a command changed is forgotten unless it is the one whose changes were kept last: nobody
    saw its end, and the next command's changes are not to be its."""
    held = lock()
    if (read_json("last", None) or {}).get("run", kept) != kept:
        forget()
    held.close()
    return {"marker": read_json("marker", None), "base": read_json("base", {})}


def stop():
    """Ends what runs, and forgets what it changed."""
    held = lock()
    forget()
    held.close()
    return {"stopped": True}


def forget():
    base, last = read_json("base", {}), read_json("last", None)
    if last:
        revert(base, last["roots"], last["largest"])
        write_json("base", base)
        write_json("last", None)


def main(verb, *rest):
    if verb == "look":
        return look(*rest)
    if verb == "stop":
        return stop()
    with open(rest[0], encoding="utf-8") as file:
        request = json.load(file)
    os.unlink(rest[0])
    if verb == "run":
        return run(request)
    return {"contents": with_content(request["paths"], request["most"])}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
