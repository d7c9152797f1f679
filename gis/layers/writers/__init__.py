"""One writer for each format: `write(features, fields, name, reference)` gives the bytes of the file."""
