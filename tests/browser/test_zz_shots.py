from playwright.sync_api import Page, expect
from tests.browser.lab import SHOTS, Lab
from tests.browser.tempo import Tempo

CONNECT = "import powawidget as pw, asyncio\npb = pw.connect()"
GATED = """run = pb.agent("Operator").run("Raise the price of the best seller by 5%")
display(run)
await run.next_approval(); await asyncio.sleep(3); run.approve(); await run
print(run.spans, run.timing)"""
ORCH = 'o = pb.orchestration("Research desk").run("Why are orders late?").wait()'
PAR = 'p = pb.orchestration("Forecast panel").run("What will October bring?").wait()'
FLOW = 'w = pb.workflow("Weekly report").run(region="North").wait()'
CHAT = 'chat = pb.agent("Analyst").chat(); display(chat); chat.send("Which orders are late?").wait(); chat.send("And by carrier?").wait()'


def test_shots(lab: Lab, page: Page, tempo: Tempo) -> None:
    tempo.slow()
    names = ["gated", "orch", "par", "flow", "chat"]
    lab.write_notebook("t.ipynb", [CONNECT, GATED, ORCH, PAR, FLOW, CHAT])
    lab.open(page, "t.ipynb")
    lab.run_all(page)
    lab.wait_idle(page, timeout=200)
    widgets = page.locator(".pw")
    SHOTS.mkdir(exist_ok=True)
    for theme in ("light", "dark"):
        lab.set_theme(page, theme)
        for n, name in enumerate(names):
            w = widgets.nth(n)
            w.scroll_into_view_if_needed()
            if theme == "light":
                w.screenshot(path=SHOTS / f"time-{name}-closed.png", animations="disabled")
                for each in range(w.locator(".pw-time").count()):
                    w.locator(".pw-time").nth(each).click()
                    expect(w.locator(".pw-gantt").nth(each)).to_be_visible()
            w.screenshot(path=SHOTS / f"time-{name}-{theme}.png", animations="disabled")
    page.set_viewport_size({"width": 760, "height": 900})
    for n, name in enumerate(names):
        w = widgets.nth(n)
        w.evaluate("e => e.style.width='400px'")
        w.screenshot(path=SHOTS / f"time-{name}-400.png", animations="disabled")
    page.set_viewport_size({"width": 1280, "height": 900})
