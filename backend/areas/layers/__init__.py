"""Layers of areas as files: what a row means to us, drafts made from a file, and files made from boundaries."""
