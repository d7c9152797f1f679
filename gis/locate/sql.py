"""The rule in SQL: PostGIS is the truth that the engine and the phone are held against."""

from typing import Final

SNAPPED_POINT_SQL: Final = """
ST_SetSRID(ST_MakePoint(round(%(lon)s::float8 * 1e7::float8) / 1e7::float8,
                        round(%(lat)s::float8 * 1e7::float8) / 1e7::float8), 4326)
"""
"""SQL twin of `snap_degrees`. The casts matter: a bare 1e7 is numeric, and numeric rounds half away from zero."""

COVERING_SQL: Final = """
WITH spot AS MATERIALIZED (SELECT {point} AS geom)
SELECT grid.id, grid.code
FROM {grids} AS grid, spot
WHERE ST_Covers(grid.geom, spot.geom)
ORDER BY grid.code COLLATE "C"
"""
"""SQL twin of `locate_batch` for one point: the first row owns. `{grids}`: a relation with id, code, geom (4326);
`{point}`: SNAPPED_POINT_SQL. Parameters lon, lat."""

REACHED_SQL: Final = """
WITH spot AS MATERIALIZED (SELECT {point} AS geom),
     flat AS MATERIALIZED (SELECT ST_Transform(geom, %(zone)s) AS geom FROM spot),
     near AS MATERIALIZED (
         SELECT grid.id, grid.code, ST_Covers(grid.geom, spot.geom) AS covers, ST_Transform(grid.geom, %(zone)s) AS geom
         FROM {grids} AS grid, spot
         WHERE grid.geom && ST_Expand(spot.geom, %(reach_lon_deg)s, %(reach_lat_deg)s))
SELECT near.id, near.code, near.covers,
       ST_Distance(near.geom, flat.geom) AS distance_m,
       ST_Distance(ST_Boundary(near.geom), flat.geom) AS border_m,
       CASE WHEN %(circle_m)s > 0 THEN round((
           ST_Area(ST_Intersection(near.geom, ST_Buffer(flat.geom, %(circle_m)s, 16)))
           / ST_Area(ST_Buffer(flat.geom, %(circle_m)s, 16)))::numeric, 6)::float8 END AS share
FROM near, flat
WHERE near.covers OR ST_Distance(near.geom, flat.geom) <= %(reach_m)s
ORDER BY near.code COLLATE "C"
"""
"""SQL twin of `GridIndex.locate`: its rows are `Reach` rows for `decide`. Parameters: those of `reach_parameters`."""

COVERING_MANY_SQL: Final = """
WITH given AS MATERIALIZED (
    SELECT row, ST_SetSRID(ST_MakePoint(round(lon * 1e7::float8) / 1e7::float8,
                                        round(lat * 1e7::float8) / 1e7::float8), 4326) AS geom
    FROM unnest(%(lons)s::float8[], %(lats)s::float8[]) WITH ORDINALITY AS spot (lon, lat, row)
    ORDER BY geom)
SELECT DISTINCT ON (given.row) given.row - 1, grid.id
FROM given LEFT JOIN {grids} AS grid ON ST_Covers(grid.geom, given.geom)
ORDER BY given.row, grid.code COLLATE "C"
"""
"""SQL twin of `locate_batch`: rows (number of the point, id of the owner or null) in the order of the points. They are
looked up along PostGIS's own space-filling curve, which keeps polygons and index pages at hand for the next point.
Parameters lons, lats: arrays as text, `{121.1,121.2}`; a list of expressions would cost the planner more."""
