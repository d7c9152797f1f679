"""Counts before anything is built, so that a million vertices cost no more than the limit."""

from gis.layers.model import Fault, LayerError, Limits, RawFeature, Remarks, Shape, Value


class Budget:
    """Features and vertices that a file may still have."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._features = 0
        self._vertices = 0

    def feature(self) -> None:
        """Raises LayerError (too_many_features)."""
        self._features += 1
        if self._features > self.limits.features:
            raise LayerError(
                "too_many_features", f"more than {self.limits.features} features; divide the file by street"
            )

    def vertices(self, more: int) -> None:
        """Raises LayerError (too_many_vertices)."""
        self._vertices += more
        if self._vertices > self.limits.vertices:
            raise LayerError(
                "too_many_vertices",
                f"more than {self.limits.vertices} vertices; simplify the outlines or divide the file",
            )


class Rows:
    """Gathers the features of one reader; what is wrong with one is said beside it."""

    def __init__(self, remarks: Remarks, budget: Budget) -> None:
        self.remarks = remarks
        self.budget = budget
        self.found: list[RawFeature] = []
        self._faults_before = 0

    def begin(self) -> int:
        """Number of the feature that comes now."""
        self.budget.feature()
        self._faults_before = len(self.remarks.faults)
        return len(self.found) + 1

    def refuse(self, place: str, code: str, detail: str, *, field: str = "geometry") -> None:
        self.remarks.refuse(Fault(len(self.found) + 1, place, code, detail, field))

    def add(self, place: str, attributes: dict[str, Value], shape: Shape | None) -> None:
        for name, value in attributes.items():
            if isinstance(value, str):
                self._check_text(place, name, value)
        is_bad = len(self.remarks.faults) > self._faults_before
        self.found.append(RawFeature(len(self.found) + 1, place, attributes, shape, is_bad))

    def _check_text(self, place: str, name: str, value: str) -> None:
        if len(value) > self.budget.limits.text:
            self.refuse(place, "text_too_long", f"has more than {self.budget.limits.text} characters", field=name)
        elif "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            self.refuse(place, "bad_text", "holds a zero byte or half a character", field=name)
