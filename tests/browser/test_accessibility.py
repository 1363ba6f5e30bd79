"""axe-core over the widget in every state that a person meets, and what only a keyboard can tell."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.lab import Lab

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
SECONDS = 1000

# One cell each: what is shown, and the word in its header once that state is there.
STATES = {
    "done, cards opened": (
        'pb.agent("Analyst").run("Which orders are late, by region and carrier?")',
        "Done",
    ),
    "waiting for a person": (
        'pb.agent("Operator").run("Raise the price of the best seller by 5%")',
        "Waiting for you",
    ),
    "failed": ('pb.agent("Writer").run("fail")', "Failed"),
    "an orchestration": ('pb.orchestrations() and pb.orchestration(ORCHESTRATION).run("Go on")', "Done"),
    "a workflow": ("pb.workflow(WORKFLOW).run()", "Done"),
    "a chat": ('pb.agent("Analyst").chat()', ""),
}


def violations(page: Page) -> list[str]:
    """What axe finds in the widgets, as lines to read."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run('.pw')).violations")
    return [
        f"{each['impact']}: {each['id']}: {each['help']}\\n    {json.dumps(node['target'])} "
        f"{node['html'][:200]}\\n    {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]
