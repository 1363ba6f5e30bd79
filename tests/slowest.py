"""The ten slowest tests of all parts, from the reports that `make test` leaves in `.reports/`."""

import heapq
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

REPORTS = Path(__file__).parents[1] / ".reports"


def tests() -> Iterator[tuple[float, str]]:
    """The seconds and the name of each test."""
    for report in sorted(REPORTS.glob("*.xml")):
        for case in ET.parse(report).iter("testcase"):
            yield float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}"


if __name__ == "__main__":
    sys.stdout.write("\nThe ten slowest of all tests:\n")
    for seconds, name in heapq.nlargest(10, tests()):
        sys.stdout.write(f"{seconds:7.1f} s  {name}\n")
