"""The description that the web's types are made from is the one that the server serves."""

from pathlib import Path

import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

FILE = Path(__file__).resolve().parents[2] / "web" / "core" / "src" / "api" / "schema.yaml"


def test_the_web_has_the_present_description() -> None:
    """Fails after a change of the interface: `./dev manage spectacular --file web/core/src/api/schema.yaml`, then
    `npm run api` in `web`."""
    served = OpenApiYamlRenderer().render(SchemaGenerator().get_schema(request=None, public=True), renderer_context={})
    assert yaml.safe_load(FILE.read_text(encoding="utf-8")) == yaml.safe_load(served)
