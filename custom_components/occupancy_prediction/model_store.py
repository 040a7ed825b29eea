"""The file that keeps what was learned."""

from pathlib import Path
from typing import Self

from homeassistant.util.file import WriteError, write_utf8_file_atomic

from .engine.state import ModelState


class ModelStore:
    """One model in one file. Everything here blocks: call it in an executor."""

    def __init__(self, path: Path) -> None:
        """Remember where the model is kept; nothing is read yet."""
        self._path = path

    def load(self) -> ModelState | None:
        """Return the saved model, None if there is none.

        Raises:
            ModelStateError: the file is damaged or of another version.
            OSError: the file cannot be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return ModelState.from_bytes(content)

    def save(self, state: ModelState) -> None:
        """Replace the saved model as a whole: after a power cut it is old or new.

        Raises:
            OSError: the file cannot be written; the old one is untouched.
        """
        self._write(state.to_bytes())

    def copy(self, other: Self) -> None:
        """Save the same model in another place as well.

        Raises:
            OSError: it cannot be read, or not be written there.
        """
        other._write(self._path.read_bytes())

    def delete(self) -> None:
        """Forget the model; it is no error if there is none."""
        self._path.unlink(missing_ok=True)

    def _write(self, content: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_utf8_file_atomic(str(self._path), content, mode="wb")
        except WriteError as error:
            raise OSError(f"{self._path} cannot be written: {error}") from error
