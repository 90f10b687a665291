"""Run by scripts/dashboard-pictures after the build."""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True  # the checkout stays as it is
sys.path.append(str(ROOT / "tests" / "e2e"))

import pages  # noqa: E402
import story  # noqa: E402
from harness import dashboard  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--seen", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--redraw", action="store_true")
    arguments = parser.parse_args()
    if not arguments.redraw:
        arguments.seen.write_text(json.dumps(story.play(arguments.bin_dir.resolve())))
    pages.save(dashboard.load(), json.loads(arguments.seen.read_text()), arguments.out)


main()
