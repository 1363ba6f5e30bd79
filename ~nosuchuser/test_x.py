"""X: what a recorded run did, held as a test.

Without a server it reads its recording; `pytest --powabase-live` asks again, and that is paid.
"""

import powawidget as pw


def test_x(powabase_run):
    run = powabase_run(
        "recordings/x.json",
        agent="a",
        message="m",
    )
    pw.expect(run).completed().not_called("*").check()
