"""What a long answer costs: the websocket, the page's main thread, the kernel. All in one run.

Beside powawidget the same text is shown once as a finished output (the floor), as a `Markdown`
display that is updated, and as an `ipywidgets.HTML` whose value is set, each 20 times a second.
"""

import itertools
import json
import re
import statistics
from typing import Any, NamedTuple

from playwright.sync_api import Browser, CDPSession, Page

from tests.bench.following import served
from tests.bench.opened import opened
from tests.browser.lab import Lab

# A recording without times is played at 50 frames a second times the speed.
FRAMES_A_SECOND = 50
END = "The end of it."
# What a message is known by that brings the loader, a module or the core: once a widget or a page.
# The core's code stands in its model's state, with "_model_module" beside it; the code of a cell
# stands in an `execute_input`, which has none.
FRONT_END = (
    re.compile(rb'"_esm"'),
    re.compile(rb'"kind": "module"'),
    re.compile(rb'(?s)"_model_module".*"code": "|"code": ".*"_model_module"'),
)
SAMPLE = 0.25  # seconds between two looks at the page's counters
# The clock goes on while another process has the processor; what a thread uses of it doesn't.
BY_PROCESSOR = {"timeDomain": "threadTicks"}

# What the page notes: long tasks, and when the end of the text is drawn.
WATCH = """
() => {
  const noted = { longest: 0, long: 0, drawn: 0 };
  window.powawidgetBench = noted;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      noted.long += 1;
      noted.longest = Math.max(noted.longest, duration);
    }
  }).observe({ type: "longtask" });
  // Lists that the browser keeps, and no frame of our own: to look must cost next to nothing.
  const places = [
    "pw-status", "jp-RenderedMarkdown", "widget-html-content", "jp-RenderedHTMLCommon",
  ].map((name) => document.getElementsByClassName(name));
  const look = () => {
    const isDone = places.flatMap((each) => [...each]).some((place) =>
      place.classList.contains("pw-status")
        ? place.textContent === "Done"
        : place.lastElementChild?.textContent.trimEnd().endsWith("END"),
    );
    if (isDone && noted.drawn === 0) noted.drawn = Date.now() / 1000;
  };
  setInterval(look, 20);
}
""".replace("END", END)

SETUP = """
import json, time
import powawidget as pw
from IPython.display import Markdown, display
import ipywidgets
from tests.bench.answers import KINDS, stream
from tests.bench.mixed import mixed
from tests.bench.rendering import END
tokens = (KINDS | {"mixed": mixed})["{kind}"]({size}) + ["\\n\\n" + END]
text = "".join(tokens)
def report(begin, cpu):
    print("REPORT", json.dumps(dict(begin=begin, end=time.time(), cpu=time.process_time() - cpu,
        bytes=len(text.encode()), tokens=len(tokens))))
"""
OURS = """
data = stream(tokens)
cpu, begin = time.process_time(), time.time()
run = pw.replay(data, speed={speed})
display(run)
run.wait()
report(begin, cpu)
"""
TEN = """
data = stream(tokens)
cpu, begin = time.process_time(), time.time()
runs = [pw.replay(data, speed={speed}) for _ in range(10)]
for run in runs: display(run)
for run in runs: run.wait()
report(begin, cpu)
"""
SERVED = """
from powawidget.resources.agent import Agent, AgentInfo
agent = Agent(pw.connect("{url}", api_key="k" * 40)._client, AgentInfo(id="a", name="A"), True)
cpu, begin = time.process_time(), time.time()
run = agent.run("hello")
display(run)
run.wait(display=False)
report(begin, cpu)
"""
OFTEN = """
cpu, begin = time.process_time(), time.time()
{make}
steps = int(len(tokens) / {rate} * 20)
for step in range(1, steps + 1):
    value = "".join(tokens[: len(tokens) * step // steps])
    {update}
    time.sleep(max(0.0, begin + step / 20 - time.time()))
report(begin, cpu)
"""
FLOOR = """
cpu, begin = time.process_time(), time.time()
display(Markdown(text))
report(begin, cpu)
"""
MARKDOWN = OFTEN.replace("{make}", "handle = display(Markdown(''), display_id=True)").replace(
    "{update}", "handle.update(Markdown(value))"
)
HTML = OFTEN.replace("{make}", "shown = ipywidgets.HTML(); display(shown)").replace(
    "{update}", "shown.value = '<p>' + value.replace('\\n\\n', '</p><p>') + '</p>'"
)


class Cost(NamedTuple):
    """What one way of showing one answer cost."""

    wire: float  # bytes on the websocket for each byte of text
    main: float  # seconds of the page's main thread
    longest: float  # ms of its longest task, as the clock goes
    work: float  # ms of the processor that the most laborious task took
    lag: float  # seconds from the kernel's end to the drawn end
    cpu: float  # seconds of the kernel
    slope: float  # the last tenth's main thread against the first's
    tokens: float  # a second, as they came


class Case(NamedTuple):
    """One measurement."""

    name: str
    kind: str
    size: int
    rate: int
    code: str


CASES = (
    Case("20 kB of prose at 400 tokens a second", "prose", 20_000, 400, OURS),
    Case("200 kB of prose at 2,000 tokens a second", "prose", 200_000, 2_000, OURS),
    Case("200 kB, a single list", "one list", 200_000, 2_000, OURS),
    Case("200 kB, a single table", "one table", 200_000, 2_000, OURS),
    Case("200 kB, a single fence", "one fence", 200_000, 2_000, OURS),
    Case("200 kB, a single paragraph", "one paragraph", 200_000, 2_000, OURS),
    Case("20 kB at 400, ten runs at once", "prose", 20_000, 400, TEN),
    Case("the floor: 200 kB of prose shown once", "prose", 200_000, 2_000, FLOOR),
    Case("200 kB of mixed markdown over HTTP at 2,000", "mixed", 200_000, 2_000, SERVED),
    Case("the floor: 200 kB of mixed markdown shown once", "mixed", 200_000, 2_000, FLOOR),
    Case("display(Markdown), 200 kB, 20 updates a second", "prose", 200_000, 2_000, MARKDOWN),
    Case("ipywidgets.HTML, 200 kB, 20 updates a second", "prose", 200_000, 2_000, HTML),
)


def measure() -> list[str]:
    """Measure every case in the same JupyterLab."""
    return list(lines())


def lines() -> Any:
    """Measure, and tell each result when it is there."""
    costs: dict[str, Cost] = {}
    with (
        opened() as (lab, browser),
        served(200_000, 2_000) as url,
    ):
        idle = _idle(lab, browser)
        yield f"an idle page takes {idle:.3f} s of main thread a second; taken off below"
        for number, case in enumerate(CASES):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            named = case._replace(code=case.code.replace("{url}", url))
            cost = _case(lab, context.new_page(), named, f"rendering_{number}.ipynb", idle)
            context.close()
            lab.clear()
            costs[case.name] = cost
            yield from _told(case, cost)
    one, ten = costs[CASES[0].name].main, costs[CASES[6].name].main
    for what, ours, shown, goal in (("prose", 1, 7, 5), ("mixed markdown", 8, 9, 4)):
        ratio = costs[CASES[ours].name].main / costs[CASES[shown].name].main
        yield f"main thread, 200 kB of {what} against the floor: {ratio:.1f} (goal: at most {goal})"
    yield f"main thread of ten runs at once against one: {ten / one:.1f} (goal: at most 10)"


def _told(case: Case, cost: Cost) -> list[str]:
    goal = 10.0 if case.rate < 1000 else 2.5
    return [
        f"{case.name}:",
        f"  {cost.wire:.2f} bytes on the websocket for each byte of text (goal: at most {goal:g})",
        f"  main thread {cost.main:.2f} s, longest task {cost.longest:.0f} ms (goal: under 50), "
        f"at most {cost.work:.0f} ms of it work, {cost.lag:.2f} s behind at the end "
        "(goal: under 0.15)",
        f"  last tenth against the first {cost.slope:.2f} (goal: at most 1.3), "
        f"kernel {cost.cpu:.2f} s, {cost.tokens:.0f} tokens a second",
    ]


def _idle(lab: Lab, browser: Browser) -> float:
    page = browser.new_context().new_page()
    lab.write_notebook("idle.ipynb", ["print('REPORT {}')"])
    lab.open(page, "idle.ipynb")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", BY_PROCESSOR)
    before = busy(session)
    page.wait_for_timeout(5_000)
    idle = (busy(session) - before) / 5
    page.context.close()
    return idle


def _case(lab: Lab, page: Page, case: Case, name: str, idle: float) -> Cost:
    browser = page.context.browser
    assert browser is not None
    frames: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: frames.append(_bytes(data))),
    )
    setup = SETUP.replace("{kind}", case.kind).replace("{size}", str(case.size))
    code = case.code.replace("{speed}", str(case.rate / FRAMES_A_SECOND))
    lab.write_notebook(name, [setup, code.replace("{rate}", str(case.rate))])
    lab.open(page, name)
    lab.command(page, "notebook:run-cell-and-select-next")
    lab.wait_idle(page)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", BY_PROCESSOR)
    page.evaluate(WATCH)
    browser.start_tracing(page=page, categories=["toplevel"])
    frames.clear()
    samples = [busy(session)]
    lab.run_all(page)
    while not (drawn := page.evaluate("window.powawidgetBench.drawn")):
        page.wait_for_timeout(1000 * SAMPLE)
        samples.append(busy(session))
        assert len(samples) < 300 / SAMPLE, f"{case.name} was not drawn in time"
    page.wait_for_timeout(1000)  # what is drawn is still laid out and painted
    samples.append(busy(session))
    work = _work(browser.stop_tracing())
    lab.wait_idle(page, timeout=180)
    noted = page.evaluate("window.powawidgetBench")
    told = re.search(r"REPORT (\{.*\})", lab.output(page, 1).inner_text())
    assert told is not None
    report = json.loads(told[1])
    once = [frame for frame in frames if any(mark in frame for mark in FRONT_END)]
    wire = sum(map(len, frames)) - sum(map(len, once))
    return Cost(
        wire=wire / report["bytes"] / (10 if case.code == TEN else 1),
        main=samples[-1] - samples[0] - idle * SAMPLE * len(samples),
        longest=noted["longest"],
        work=work,
        lag=max(0.0, drawn - report["end"]),
        cpu=report["cpu"],
        slope=_slope(samples[:-1]),
        tokens=report["tokens"] / (report["end"] - report["begin"]),
    )


def _slope(samples: list[float]) -> float:
    steps = [after - before for before, after in itertools.pairwise(samples)]
    tenth = max(1, len(steps) // 10)
    first, last = statistics.mean(steps[:tenth]), statistics.mean(steps[-tenth:])
    return last / first if first else 0.0


def _work(trace: bytes) -> float:
    """Tell how long the task of a page's main thread was that took the processor longest.

    The clock goes on while another process has the processor, which here is shared with the server
    and the kernel; this doesn't.
    """
    events = json.loads(trace)["traceEvents"]
    pages = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    tasks = (
        each["tdur"] / 1000
        for each in events
        if (each["pid"], each["tid"]) in pages and "tdur" in each
    )
    return max(tasks, default=0.0)


def busy(session: CDPSession) -> float:
    """Tell how long the page's thread has worked so far, in seconds."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def _bytes(data: Any) -> bytes:
    return data if isinstance(data, bytes) else json.dumps(data).encode()
