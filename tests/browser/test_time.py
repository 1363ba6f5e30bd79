"""Where the time went, in a real JupyterLab: the strip, its chart, and the way to a card."""

from playwright.sync_api import Page, expect

from tests.browser.lab import Lab

CONNECT = "import powawidget as pw\npb = pw.connect()"
GATED = """run = pb.agent("Operator").run("Raise the price of the best seller by 5%")
display(run)
await run.next_approval()
run.approve()
await run
print("timed", run.timing["human"] > 0, all(span.end >= span.start for span in run.spans))"""
CHAT = """chat = pb.agent("Analyst").chat()
display(chat)
run = chat.send("Which orders are late?").wait()"""
LONG = 60_000


def test_a_strip_opens_to_a_chart_whose_bars_lead_to_their_cards(lab: Lab, page: Page) -> None:
    lab.write_notebook("time.ipynb", [CONNECT, GATED, CHAT])
    lab.open(page, "time.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 1)).to_contain_text("timed True True")
    run, chat = page.locator(".pw").nth(0), page.locator(".pw").nth(1)
    expect(run.locator(".pw-time i.pw-human")).to_have_count(1)
    strip = run.get_by_role("button", name="Where the time went")
    strip.focus()
    page.keyboard.press("Enter")
    chart = run.locator(".pw-gantt")
    expect(chart.locator(".pw-gantt-sums")).to_contain_text("you")
    expect(chart.locator(".pw-fill-human")).to_have_count(2)
    bars = chart.get_by_role("button").filter(has_text="database_write")
    card = run.locator(".pw-call").filter(has_text="database_write").get_by_role("button").first
    # By the mouse, and by a key; the notebook itself stays where it is.
    for act in (bars.first.click, lambda: bars.first.press("Enter")):
        act()
        expect(card).to_be_focused(timeout=LONG)
        expect(card).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    strip.click()
    expect(chart).to_have_count(0)
    chat.get_by_role("button", name="Where the time went").click()
    expect(chat.locator(".pw-turn .pw-gantt-rows > li").first).to_be_visible(timeout=LONG)
