"""Vector tiles from PostGIS (MVT 2.1) and their TileJSON: base map, grids, cases."""
