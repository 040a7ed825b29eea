"""The model in use, those before it, and what is worth knowing of each.

The model in use is one file, as ever, and the one thing that counts. Models that it
took the place of lie beside it; the index tells of all of them, and of those that were
not adopted, and what is still to be learned. A damaged index costs these notes only.
Everything here blocks: call it in an executor, from any thread.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
import json
from pathlib import Path
import tempfile
from threading import RLock
from typing import Any, Final, Self

from homeassistant.util.file import WriteError, write_utf8_file_atomic

from .const import LOGGER, MODEL_FILE
from .engine import Adaptation, ModelState, ModelStateError, TrainingReport
from .model_store import ModelStore

# Files of models, the one in use included: one to go back to, and one more.
KEPT: Final = 3
# Notes on models without a file: a month of nights.
NOTES: Final = 30
# What is larger (bytes) is no model of a home: 20 rooms have some 25 MB.
LARGEST_IMPORT: Final = 128 * 1024 * 1024
_INDEX: Final = "models.json"
_FOLDER: Final = "previous_models"


class Verdict(StrEnum):
    """How a model came to be in use, or did not."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of a model.

    Attributes:
        version: its name.
        trained_at, data_start, data_end: when and from what it learned (UTC s).
        verdict: what became of it.
        reasons: why it was trained, the most urgent first.
        weights: mean share of each member that learned anything.
        figures: how the forecasts it kept record of had fared, see the engine.
        trial: scores against the model that was in use, empty if not compared.
        tuning: the numbers it has of its own, instead of the defaults.
        search: what the search for another one came to, empty if there was none.
        adaptation: changes of life that were noticed and what they led to, empty for
            what was not trained here; see the engine.
    """

    version: str
    trained_at: float
    data_start: float
    data_end: float
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    trial: Mapping[str, float] = field(default_factory=dict)
    tuning: Mapping[str, float] = field(default_factory=dict)
    search: str = ""
    adaptation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tier(self) -> str:
        """Return whether a member took part that needs an optional library."""
        return "full" if "boosting" in self.weights else "base"

    @property
    def noticed(self) -> Adaptation:
        """Return what was noticed of a change of life, nothing where that is lost."""
        try:
            return Adaptation.read(self.adaptation)
        except LookupError, TypeError, ValueError, ModelStateError:
            return Adaptation()

    @classmethod
    def of(
        cls,
        model: ModelState,
        verdict: Verdict,
        reasons: Iterable[str] = (),
        report: TrainingReport | None = None,
    ) -> Self:
        """Describe a model."""
        record = cls(
            model.version,
            model.trained_at,
            model.data_start,
            model.data_end,
            verdict,
            tuple(reasons),
            tuning=model.tuning.values,
            search=model.tuning.reason,
        )
        if report is None:
            return record
        trial = {} if report.trial is None else asdict(report.trial)
        return replace(
            record,
            weights=report.weights,
            figures=report.figures,
            trial=trial,
            adaptation=report.adaptation.document(),
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read a record of the index back; what is none raises some error."""
        record = cls(**document)
        return replace(
            record, verdict=Verdict(record.verdict), reasons=tuple(record.reasons)
        )


class ModelRegistry:
    """The models of one home, in one folder."""

    def __init__(self, folder: Path) -> None:
        """Remember where the models are kept; nothing is read yet."""
        self._store = ModelStore(folder / MODEL_FILE)
        self._index = folder / _INDEX
        self._folder = folder / _FOLDER
        self._lock = RLock()
        # The version that is in the file of the model in use, as far as is known.
        self._saved: str | None = None

    def load(self) -> ModelState | None:
        """Return the model in use, None if there is none.

        Raises:
            ModelStateError: the file is damaged or of another version.
            OSError: the file cannot be read.
        """
        model = self._store.load()
        self._saved = None if model is None else model.version
        return model

    def save(self, model: ModelState) -> None:
        """Save the model in use, which has learned something more.

        Raises:
            OSError: the file cannot be written; the old one is untouched.
        """
        with self._lock:
            self._save(model)

    def adopt(
        self, model: ModelState, record: ModelRecord, before: ModelState | None
    ) -> None:
        """Put a model in the place of the one in use, which is kept for a while.

        Raises:
            OSError: a file cannot be written; the model in use is still the old one.
        """
        with self._lock:
            if before is not None and before.version != model.version:
                self._keep(before)
            self._save(model)
            self._note(record)
            self._forget_oldest(model.version)

    def note(self, record: ModelRecord) -> None:
        """Remember a model that was not adopted."""
        with self._lock:
            self._note(record)

    def records(self) -> list[ModelRecord]:
        """Return what is known of models, the latest first."""
        return self._read()[0]

    def versions(self) -> list[str]:
        """Return the models that can be gone back to, the latest first."""
        times = {record.version: record.trained_at for record in self.records()}
        found = [path.stem for path in self._folder.glob("*.npz")]
        return sorted(found, key=lambda version: times.get(version, 0.0), reverse=True)

    def roll_back(self, fits: Callable[[ModelState], bool]) -> ModelState | None:
        """Put the latest earlier model that fits in use again; return it.

        The one that was in use is gone: nobody wants to go back to it.

        Raises:
            OSError: the file cannot be written; the model in use is as it was.
        """
        with self._lock:
            for version in self.versions():
                try:
                    model = self._file(version).load()
                except (ModelStateError, OSError) as error:
                    LOGGER.warning("Model %s cannot be read: %s", version, error)
                    continue
                if model is not None and fits(model):
                    self._save(model)
                    self._file(version).delete()
                    return model
            return None

    def unfinished(self) -> list[str]:
        """Return the reasons of trainings that were cut off, or never begun."""
        return self._read()[1]

    def set_unfinished(self, reasons: Iterable[str]) -> None:
        """Remember why a training is wanted, until it is done."""
        with self._lock:
            records, known = self._read()
            if known != (wanted := [str(reason) for reason in reasons]):
                self._write(records, wanted)

    def clean_up(self) -> None:
        """Delete what a power cut has left of files that were being written."""
        with self._lock:
            for folder in (self._index.parent, self._folder):
                for path in folder.glob(f"{tempfile.gettempprefix()}*"):
                    path.unlink(missing_ok=True)

    def forget_previous(self) -> None:
        """Delete all models but the one in use."""
        with self._lock:
            for path in self._folder.glob("*"):
                path.unlink(missing_ok=True)

    def delete(self) -> None:
        """Forget everything."""
        with self._lock:
            self._store.delete()
            self._index.unlink(missing_ok=True)
            if self._folder.exists():
                self.forget_previous()
                self._folder.rmdir()

    def _file(self, version: str) -> ModelStore:
        return ModelStore(self._folder / f"{version}.npz")

    def _save(self, model: ModelState) -> None:
        self._store.save(model)
        self._saved = model.version

    def _keep(self, before: ModelState) -> None:
        """Keep a model that is about to be replaced."""
        kept = self._file(before.version)
        if self._saved == before.version:
            self._store.copy(kept)
        else:
            kept.save(before)

    def _note(self, record: ModelRecord) -> None:
        records, unfinished = self._read()
        others = [each for each in records if each.version != record.version]
        self._write([record, *others][:NOTES], unfinished)

    def _forget_oldest(self, in_use: str) -> None:
        self._file(in_use).delete()
        for version in self.versions()[KEPT - 1 :]:
            self._file(version).delete()

    def _read(self) -> tuple[list[ModelRecord], list[str]]:
        try:
            content = json.loads(self._index.read_bytes())
            records = [ModelRecord.read(each) for each in content["models"]]
            return records, [str(reason) for reason in content["unfinished"]]
        except FileNotFoundError:
            return [], []
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            LOGGER.warning("The notes on models are begun anew: %s", error)
            self._index.unlink(missing_ok=True)
            return [], []

    def _write(self, records: list[ModelRecord], unfinished: list[str]) -> None:
        content = {
            "models": [asdict(record) for record in records],
            "unfinished": unfinished,
        }
        self._index.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_utf8_file_atomic(str(self._index), json.dumps(content))
        except WriteError as error:
            raise OSError(f"{self._index} cannot be written: {error}") from error
