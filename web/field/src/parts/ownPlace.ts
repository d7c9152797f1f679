import { addLayers, addSource, EMPTY, setFeatures, takeAway, type MapLayer } from "@gridward/map";

const SOURCE = "own-place";

export interface OwnPlaceLayer extends MapLayer {
  update(place: { lon: number; lat: number } | null): void;
}

/** Where this phone is: a blue dot with a white rim. */
export function ownPlaceLayer(): OwnPlaceLayer {
  let shown: Parameters<MapLayer["add"]>[0] | null = null;
  let features: GeoJSON.FeatureCollection = EMPTY;
  return {
    id: SOURCE,
    add(map) {
      shown = map;
      addSource(map, SOURCE, { type: "geojson", data: features });
      addLayers(map, [
        {
          id: SOURCE,
          type: "circle",
          source: SOURCE,
          paint: {
            "circle-radius": 8,
            "circle-color": "#0b62d6",
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 3,
          },
        },
      ]);
    },
    update(place) {
      features =
        place === null
          ? EMPTY
          : {
              type: "FeatureCollection",
              features: [
                {
                  type: "Feature",
                  geometry: { type: "Point", coordinates: [place.lon, place.lat] },
                  properties: {},
                },
              ],
            };
      setFeatures(shown, SOURCE, features);
    },
    remove(map) {
      shown = null;
      takeAway(map, [SOURCE], [SOURCE]);
    },
  };
}
