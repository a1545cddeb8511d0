"""The aws CLI on a fast clock: `aws_fast.py SCALE COMMAND...`. Its pauses are shortened; everything else is its own."""

import sys
import time

scale = float(sys.argv.pop(1))
pause = time.sleep
time.sleep = lambda seconds: pause(seconds / scale)

from awscli.clidriver import main  # noqa: E402  (it must find the short pauses)

sys.exit(main())
