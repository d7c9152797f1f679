"""Where things lie: the checkout, its state folder and the short folder of its Unix sockets."""

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from tools.dev.terminal import Failure

SOCKETS_PARENT = Path("/tmp")  # noqa: S108 - short and always there; own_folder() refuses a foreign one


@dataclass(frozen=True)
class Layout:
    """Paths of one checkout with one state folder; both absolute."""

    root: Path
    state: Path

    @property
    def key(self) -> str:
        """Ten characters that differ between two state folders, short enough for a socket path (107 bytes at most)."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:10]

    @property
    def sockets(self) -> Path:
        return SOCKETS_PARENT / f"gridward-{self.key}"

    @property
    def app_sockets(self) -> Path:
        """Sockets of our own processes; only their owner may enter."""
        return self.sockets / "app"

    @property
    def postgres_sockets(self) -> Path:
        """Socket of PostgreSQL; only the owner of the cluster (and root) may enter."""
        return self.sockets / "pg"

    @property
    def venv(self) -> Path:
        return self.state / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def web(self) -> Path:
        return self.root / "web"

    @property
    def nginx(self) -> Path:
        return self.state / "nginx"

    def setup_log(self, name: str) -> Path:
        return self.logs / "setup" / f"{name}.log"

    def remove_sockets(self) -> None:
        """Take away the socket folder; the next `prepare` makes it again."""
        shutil.rmtree(self.sockets, ignore_errors=True)

    def prepare(self) -> None:
        """Create the folders. Raises Failure when we may not, or when one of them belongs to somebody else."""
        try:
            self.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(
                f"the state folder {self.state} cannot be made: {error.strerror}",
                next_step="set GRIDWARD_STATE_DIR to a folder that this user may create",
            ) from error
        owner = self.state.stat().st_uid
        if owner != os.getuid():
            raise Failure(
                f"the state folder {self.state} belongs to user {owner}, you are {os.getuid()}",
                next_step="run ./dev as its owner, or set GRIDWARD_STATE_DIR to a folder of your own",
            )
        for folder in (self.logs, self.nginx, self.state / "run"):
            folder.mkdir(parents=True, exist_ok=True)
        own_folder(self.sockets, mode=0o711)
        own_folder(self.app_sockets, mode=0o700)


def own_folder(path: Path, *, mode: int) -> None:
    """Create `path`, or take it when it is ours. Raises Failure when somebody else made it (it may be a trap)."""
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Failure(
            f"the socket folder {path} belongs to user {found.st_uid}",
            next_step=f"ask that user to remove {path}, or set GRIDWARD_STATE_DIR to another folder",
        )
    path.chmod(mode)
