"""The developer command: everything that `./dev` does, with the standard library alone.

It must run before anything is installed, so nothing here imports a package or the project itself.
"""
