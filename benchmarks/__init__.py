"""Every figure that we claim: one command, one table per benchmark, the peers measured in the same run.

`./dev bench` runs all of them, `./dev bench NAME` one. `docs/benchmarks.md` says what each figure means.
"""
