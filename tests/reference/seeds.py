"""What tests over random seeds share:  TEST.py WEIR FIRST COUNT [--show]"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor


def run(check, what):
    """check(weir, seed, show) gives the problems of a seed. The exit code."""
    weir = os.path.abspath(sys.argv[1])
    first, count = int(sys.argv[2]), int(sys.argv[3])
    show = "--show" in sys.argv
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for problems in pool.map(lambda s: check(weir, s, show), range(first, first + count)):
            for problem in problems:
                failed += 1
                print("FAIL", problem, flush=True)
    print(f"{count} seeds, {failed} {what} differ")
    return 1 if failed else 0
