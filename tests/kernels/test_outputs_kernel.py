"""What stands in a cell's outputs: each run once, and nothing for what stands there already."""

from typing import Any

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel
from tests.kernels.test_busy_kernel import ASK

VIEW = "application/vnd.jupyter.widget-view+json"
pytestmark = pytest.mark.parametrize("kernel", [KERNELS[0], KERNELS[-1]], ids=named, indirect=True)

RUN = 'run = pb.agent("Writer").run("haiku")'
CHAT = 'chat = pb.agent("Writer").chat()'


def outputs(kernel: Kernel, code: str) -> tuple[int, list[str]]:
    """Run a cell; returns how many views it has put out, and the text of its value, if any."""
    request = kernel.run(code)
    kernel.idle(request)
    said = [m for m in kernel.said if m["parent_header"].get("msg_id") == request]
    assert [m["content"] for m in said if m["msg_type"] == "error"] == []
    views = [m for m in said if VIEW in m["content"].get("data", ())]
    values = [m for m in said if m["msg_type"] == "execute_result"]
    return len(views), [m["content"]["data"]["text/plain"] for m in values]


@pytest.mark.parametrize(
    ("before", "cell", "views"),
    [
        ("", f"{RUN}\nrun", 1),
        ("", f"{RUN}\nrun.wait()", 1),
        ("", f"{RUN}\nrun.wait(display=False)", 1),
        ("", f"{RUN}\ndisplay(run)\ndisplay(run)\nrun.wait()", 2),
        ("", f"{RUN}\nrun.stop()", 1),
        ("", f"{RUN}\nrun.wait()\nrun", 1),
        ("", f"{RUN}\nawait run\nrun.wait()", 1),
        ("", f"{RUN}\nfrom ipywidgets import VBox\ndisplay(VBox([run.widget]))\nrun.wait()", 1),
        ("", f"{RUN}\nawait run", 1),
        ("", f"{CHAT}\nawait chat.send('haiku')", 1),
        (f"{RUN}\nrun", "await run", 0),
        (f"{RUN}\nrun", "run.wait()", 0),
        (f"{RUN}\nrun", "run.stop()", 0),
        (f"{RUN}\nrun", "run", 1),
        (f"{RUN}\nrun", "display(run)", 1),
        (f"{ASK}\ndisplay(run)\nwhile run.status != 'waiting': time.sleep(0.01)", "run.deny()", 0),
        ("", f"{CHAT}\nchat.send('haiku')\nchat.wait()", 1),
        ("", f"{CHAT}\nchat.send('haiku').wait()", 1),
        (f"{CHAT}\nchat", "chat.send('haiku')", 0),
        (f"{CHAT}\nchat", "chat.send('haiku').wait()", 0),
        (f"{CHAT}\nchat", "chat.wait()", 0),
        (f"{CHAT}\nchat", "chat.stop()", 0),
        (f"{CHAT}\nchat", "chat", 1),
    ],
)
def test_a_call_that_gives_back_what_is_shown_adds_nothing(
    kernel: Kernel, before: str, cell: str, views: int
) -> None:
    kernel.do(before)
    assert outputs(kernel, cell) == (views, [])


@pytest.mark.parametrize(
    ("before", "cell", "views"),
    [
        (RUN, "result = run.result()\nresult", 1),
        (f"{RUN}\nrun", "run.result()", 0),
        (f"{RUN}\nresult = await run", "result", 0),
    ],
)
def test_a_result_that_is_asked_for_is_a_value_like_any_other(
    kernel: Kernel, before: str, cell: str, views: int
) -> None:
    kernel.do(before)
    shown, (value,) = outputs(kernel, cell)
    assert (shown, value[:10]) == (views, "<RunResult")


def test_captured_it_stands_there_once(kernel: Kernel) -> None:
    kernel.do(f"%%capture out\n{RUN}\nrun.wait()")
    assert outputs(kernel, "out.show()") == (1, [])
    assert kernel.do(f"print(sum({VIEW!r} in each.data for each in out.outputs))") == "1\n"
    assert kernel.do("print([each.data for each in out.outputs if '<Run' in str(each.data)])") == (
        "[]\n"
    )


@pytest.mark.parametrize(
    "look",
    ["import inspect\ninspect.getmembers(run)", "hasattr(run, 'widget')", "run.widget.comm"],
)
def test_looking_at_the_widget_shows_nothing(kernel: Kernel, look: str) -> None:
    assert outputs(kernel, f"{RUN}\n{look}\nrun.wait()") == (1, [])


def test_a_page_that_only_knows_the_widget_is_nobody_who_could_click(kernel: Kernel) -> None:
    """A front end makes a model of each widget, shown or not, and that says hello."""
    kernel.do(f"{ASK}\nrun.widget")
    (comm,) = kernel.comms()
    kernel.nonce(comm)
    assert "ApprovalNeeded" not in kernel.do("run.stop(); None")
    kernel.do(f"{ASK}\nhasattr(run, 'widget')\nNone")
    kernel.nonce(kernel.comms()[-1])
    assert "ApprovalNeeded" in kernel.do("run.wait(display=False)")


@pytest.mark.parametrize("shows", ["cap.show()", "for each in cap.outputs:\n    display(each)"])
def test_outputs_that_were_captured_have_one_transcript_where_they_are_shown(
    kernel: Kernel, shows: str
) -> None:
    """It was captured with the view, as it stood then, and is brought up to date."""
    kernel.do(
        f"%%capture cap\n{ASK}\ndisplay(run)\nwhile run.status != 'waiting': time.sleep(0.01)"
    )
    request = kernel.run(shows)
    kernel.idle(request)
    said = [m for m in kernel.said if m["parent_header"].get("msg_id") == request]
    view, transcript = (m["content"] for m in said if m["msg_type"] == "display_data")
    assert VIEW in view["data"]
    place = transcript["transient"]["display_id"]
    assert place in transcript["data"]["text/html"]
    kernel.do("run.deny()\nrun.wait()")
    kernel.until(
        lambda: any("As of " not in data["text/html"] for data in updates(kernel, place)), "the end"
    )


def updates(kernel: Kernel, display_id: str) -> list[dict[str, Any]]:
    return [
        message["content"]["data"]
        for message in kernel.said
        if message["msg_type"] == "update_display_data"
        and message["content"]["transient"]["display_id"] == display_id
    ]


def test_an_output_that_is_updated_shows_the_new_run_and_its_transcript(kernel: Kernel) -> None:
    kernel.do('run = pb.agent("Writer").run("haiku")\ndisplay(run, display_id="here")\nrun.wait()')
    shown = [m for m in kernel.said if m["msg_type"] == "display_data"]
    assert [VIEW in m["content"]["data"] for m in shown] == [True, False]
    transcript = shown[1]["content"]["transient"]["display_id"]
    code = (
        'later = pb.agent("Operator").run("Raise the price of the best seller by 5%")\n'
        "from IPython.display import update_display\n"
        'update_display(later, display_id="here")'
    )
    before = len([m for m in kernel.said if m["msg_type"] == "display_data"])
    assert outputs(kernel, code) == (1, [])
    assert len([m for m in kernel.said if m["msg_type"] == "display_data"]) == before
    (view,) = updates(kernel, "here")
    assert view[VIEW]["model_id"] == kernel.comms()[-1]
    assert "Operator" in updates(kernel, transcript)[-1]["text/html"]
    # The new one is shown, where a person can click; the old one isn't any more.
    assert outputs(kernel, "later.stop()") == (0, [])
    assert outputs(kernel, "run.wait()") == (1, [])
    kernel.until(
        lambda: "Stopped" in updates(kernel, transcript)[-1]["text/html"], "the end in the file"
    )


@pytest.mark.parametrize(("ends", "writings"), [("before", 1), ("after", 2)])
def test_a_run_that_ends_while_its_transcript_is_first_written_has_it_sent_no_more_than_needed(
    kernel: Kernel, ends: str, writings: int
) -> None:
    """It stands as of the end, whether that came before the first was written or after."""
    kernel.do(
        "from powawidget.widget.transcript_output import TranscriptOutput\n"
        "write = TranscriptOutput.written\n"
        "def written(self):\n"
        f"    if {ends == 'after'}: data = write(self)\n"
        "    run._live.done.wait(60)\n"
        f"    return data if {ends == 'after'} else write(self)\n"
        "TranscriptOutput.written = written"
    )
    request = kernel.run(f"{RUN}\ndisplay(run)\nrun.wait()\nTranscriptOutput.written = write")
    kernel.idle(request)
    sent = [
        each["content"]["data"]["text/html"]
        for each in kernel.said
        if "text/html" in each["content"].get("data", ())
    ]
    assert "Done" in sent[-1]
    assert len(sent) == writings


def test_an_output_that_showed_something_else_can_become_a_run(kernel: Kernel) -> None:
    kernel.do('handle = display("starting", display_id="there")')
    assert outputs(kernel, f"{RUN}\nhandle.update(run)\nrun.wait()") == (1, [])
    assert VIEW in updates(kernel, "there")[-1]


def test_what_comes_into_the_place_of_a_run_takes_its_transcript_away(kernel: Kernel) -> None:
    code = 'run = pb.agent("Writer").run("haiku")\nhandle = display(run, display_id="place")'
    kernel.do(f"{code}\nrun.wait()")
    shown = [m for m in kernel.said if m["msg_type"] == "display_data"][-2:]
    transcript = shown[1]["content"]["transient"]["display_id"]
    assert outputs(kernel, 'handle.update("over")') == (0, [])
    assert updates(kernel, "place")[-1] == {"text/plain": "'over'"}
    assert updates(kernel, transcript)[-1] == {"text/plain": ""}
    # Nobody shows it any more; what is updated once more takes nothing away.
    assert outputs(kernel, "run.wait()") == (1, [])
    before = len(updates(kernel, transcript))
    kernel.do('handle.update("again")')
    assert len(updates(kernel, transcript)) == before
    # A run that comes back has its transcript where there was one.
    code = 'later = pb.agent("Writer").run("haiku")\nhandle.update(later)\nlater.wait()'
    displayed = len([m for m in kernel.said if m["msg_type"] == "display_data"])
    assert outputs(kernel, code)[1] == []
    assert VIEW in updates(kernel, "place")[-1]
    assert len([m for m in kernel.said if m["msg_type"] == "display_data"]) == displayed
    kernel.until(lambda: "text/html" in updates(kernel, transcript)[-1], "the new run's transcript")


def test_more_runs_than_a_front_end_shows_in_one_cell_are_announced(kernel: Kernel) -> None:
    code = "runs = [pw.replay(saved) for _ in range({count})]\nfor each in runs: display(each)"
    kernel.do(
        f"{RUN}\nrun.wait(display=False)\n"
        "import tempfile, pathlib\n"
        "saved = pathlib.Path(tempfile.mkdtemp()) / 'run.json'\nrun.save(saved)"
    )
    for count, said in ((24, []), (25, [""]), (27, ["26 runs in", "27 runs in"])):
        request = kernel.run(code.format(count=count))
        kernel.idle(request)
        texts = [
            (at, message["content"]["data"]["text/plain"])
            for at, message in enumerate(
                m
                for m in kernel.said
                if m["parent_header"].get("msg_id") == request
                and m["msg_type"] in {"display_data", "update_display_data"}
            )
            if list(message["content"]["data"]) == ["text/plain"]
        ]
        assert [text[:10] for _, text in texts][-len(said) or None :] == said
        assert not texts or texts[0][0] < 50
        assert all("VBox" in text for _, text in texts if text)
