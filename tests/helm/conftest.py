import pytest

from chart import SHAPES


def pytest_generate_tests(metafunc):
    if "shape" in metafunc.fixturenames:
        metafunc.parametrize("shape", SHAPES, ids=lambda path: path.stem.removesuffix("-values"))


@pytest.fixture
def template(tmp_path):
    """Renders with values given as objects."""
    import yaml

    from chart import CHART, helm

    def render(*layers, major="helm4"):
        files = []
        for number, layer in enumerate(layers):
            path = tmp_path / f"{number}.yaml"
            path.write_text(yaml.safe_dump(layer))
            files += ["-f", path]
        return helm(major, "template", "lowband", CHART, "-n", "matrix", *files)

    return render
