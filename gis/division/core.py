"""Simulated annealing over a graph of atoms, compiled by numba: atoms move over borders, change places, and two
neighbouring grids are put together and cut anew along a random spanning tree.

The recombination follows DeFord, Duchin and Solomon, "Recombination: A Family of Markov Chains for Redistricting"
(Harvard Data Science Review 3, 2021); here a cut is taken for its quality, not drawn. Acceptance by Metropolis with
geometric cooling. A grid never falls apart: a move that would cut it is undone. Random numbers are our own, so the same
seed and number of steps give the same division.

Price of a division: for every grid its distance from the mean households and minutes (in tolerances, squared,
and steep from `band` on) and what its compactness 4πA/P² lacks to 1; for all borders their priced metres; for every
compound in several grids a fixed part and one for each grid. All compiled functions stay in this one file: numba's
cache does not notice a change in another.
"""

# ruff: noqa: PLR0917

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Seeds = npt.NDArray[np.uint64]

# load[g, .] and need[g, .]
HOUSEHOLDS: Final = 0
MINUTES: Final = 1
AREA: Final = 2
PERIMETER: Final = 3
CALM: Final = 0.2
# Of the price of a compound in two grids, what each grid beyond the first costs; the rest is for being split at all.
PART_SHARE: Final = 0.3
MOST_MEMBERS: Final = 1024
FOUR_PI: Final = 4.0 * np.pi


class Graph(NamedTuple):
    """The atoms: `own[a, .]` households, minutes, m², metres around; neighbours in rows, see `Atoms`.

    Compounds with doors in several atoms: those of atom a are `compound[first_compound[a]:first_compound[a + 1]]`, the
    atoms of compound c are `inside[first_inside[c]:first_inside[c + 1]]`.
    """

    own: Floats
    start: Ints
    other: Ints
    shared: Floats
    price: Floats
    first_compound: Ints
    compound: Ints
    first_inside: Ints
    inside: Ints


class State(NamedTuple):
    """`home[a]` grid of an atom, `load[g, .]` sums over its atoms, `held[g]` how many, `best` the best homes seen."""

    home: Ints
    load: Floats
    held: Ints
    best: Ints
    rng: Seeds


class Terms(NamedTuple):
    """Per grid its mean `need[g, 0..1]`; weights: balance, minutes, compactness, border (a metre), compounds.

    The price of balance is `steep` from `band` tolerances on, of households a `wall` beyond the tolerance.
    """

    need: Floats
    balance: float
    minutes: float
    compact: float
    border: float
    compounds: float
    tolerance: float
    minutes_tolerance: float
    band: float
    steep: float
    wall: float


class Room(NamedTuple):
    """Scratch: `seen[a]` stamped with `clock[0]`, lists of atoms, the tree's parents, keys, sums and sides.

    `met[g]` is stamped too; of compounds: `beyond` grids outside a pair, `on_side` bits of the pair, `touched` list.
    """

    seen: Ints
    clock: Ints
    queue: Ints
    member: Ints
    place: Ints
    parent: Ints
    order: Ints
    key: Floats
    tree: Floats
    side: Ints
    sum: Floats
    met: Ints
    beyond: Ints
    on_side: Ints
    touched: Ints


def compiled(function: Function) -> Function:
    """Compiled on the first call, kept on disk for the next process."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "boundscheck": False}
    return cast(Function, njit(**options)(function))


@compiled
def draw(rng: Any, below: int) -> int:
    """Random whole number from 0 to below - 1 (xorshift64*)."""
    x = rng[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    rng[0] = x
    return np.int64(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(below))  # type: ignore[return-value]


@compiled
def chance(rng: Any) -> float:
    """Random number from 0 to 1."""
    return draw(rng, 1 << 30) / float(1 << 30)


@compiled
def off_balance(households: float, minutes: float, g: int, terms: Terms) -> float:
    """Price of a grid's loads."""
    off = abs(households / terms.need[g, HOUSEHOLDS] - 1.0) / terms.tolerance
    price = terms.balance * (
        CALM * off * off + terms.steep * max(0.0, off - terms.band) + terms.wall * max(0.0, off - 1.0)
    )
    if terms.minutes > 0.0 and terms.need[g, MINUTES] > 0.0:
        off = abs(minutes / terms.need[g, MINUTES] - 1.0) / terms.minutes_tolerance
        price += terms.minutes * (CALM * off * off + terms.steep * max(0.0, off - terms.band))
    return float(price)


@compiled
def price_of(households: float, minutes: float, area: float, perimeter: float, g: int, terms: Terms) -> float:
    """Price of a grid without its borders."""
    lacking = 1.0 - FOUR_PI * area / (perimeter * perimeter)
    return float(off_balance(households, minutes, g, terms) + terms.compact * lacking)


@compiled
def grid_price(g: int, state: State, terms: Terms) -> float:
    load = state.load
    return price_of(load[g, HOUSEHOLDS], load[g, MINUTES], load[g, AREA], load[g, PERIMETER], g, terms)


@compiled
def move(a: int, h: int, graph: Graph, state: State) -> float:
    """Give atom a to grid h; answers with the change of priced border."""
    g = state.home[a]
    with_g, with_h, border = 0.0, 0.0, 0.0
    for k in range(graph.start[a], graph.start[a + 1]):
        there = state.home[graph.other[k]]
        if there == g:
            with_g += graph.shared[k]
            border += graph.price[k]
        elif there == h:
            with_h += graph.shared[k]
            border -= graph.price[k]
    for kind in range(3):
        state.load[g, kind] -= graph.own[a, kind]
        state.load[h, kind] += graph.own[a, kind]
    state.load[g, PERIMETER] += 2.0 * with_g - graph.own[a, PERIMETER]
    state.load[h, PERIMETER] += graph.own[a, PERIMETER] - 2.0 * with_h
    state.held[g] -= 1
    state.held[h] += 1
    state.home[a] = h
    return border


@compiled
def parts_price(parts: int, terms: Terms) -> float:
    """Price of a compound that lies in so many grids."""
    if parts < 2:
        return 0.0
    return float(terms.compounds * (1.0 - PART_SHARE + PART_SHARE * (parts - 1)))


@compiled
def compounds_change(a: int, h: int, graph: Graph, state: State, terms: Terms, room: Room) -> float:
    """How the price of the compounds of atom a changes when it goes to grid h."""
    g = state.home[a]
    change = 0.0
    for k in range(graph.first_compound[a], graph.first_compound[a + 1]):
        c = graph.compound[k]
        room.clock[0] += 1
        stamp = room.clock[0]
        others = 0
        for m in range(graph.first_inside[c], graph.first_inside[c + 1]):
            there = state.home[graph.inside[m]]
            if graph.inside[m] != a and room.met[there] != stamp:
                room.met[there] = stamp
                others += 1
        before = others + (0 if room.met[g] == stamp else 1)
        after = others + (0 if room.met[h] == stamp else 1)
        change += parts_price(after, terms) - parts_price(before, terms)
    return change


@compiled
def stays_whole(a: int, graph: Graph, state: State, room: Room) -> bool:
    """Whether the grid of atom a is one piece without a."""
    g = state.home[a]
    room.clock[0] += 1
    stamp = room.clock[0]
    wanted, first = 0, -1
    for k in range(graph.start[a], graph.start[a + 1]):
        b = graph.other[k]
        if state.home[b] == g:
            wanted += 1
            first = b
    if wanted == 0:
        return bool(state.held[g] == 1)
    if wanted == 1:
        return True
    for k in range(graph.start[a], graph.start[a + 1]):
        if state.home[graph.other[k]] == g:
            room.place[graph.other[k]] = stamp
    room.seen[a] = stamp
    room.seen[first] = stamp
    room.queue[0] = first
    size, at, met = 1, 0, 1
    while at < size:
        b = room.queue[at]
        at += 1
        for k in range(graph.start[b], graph.start[b + 1]):
            c = graph.other[k]
            if state.home[c] == g and room.seen[c] != stamp:
                room.seen[c] = stamp
                room.queue[size] = c
                size += 1
                if room.place[c] == stamp:
                    met += 1
                    if met == wanted:
                        return True
    return False


@compiled
def reach(first: int, g: int, h: int, graph: Graph, state: State, room: Room) -> int:
    """Fills `room.queue` with what can be reached from `first` inside grids g and h; how many atoms."""
    room.clock[0] += 1
    stamp = room.clock[0]
    room.seen[first] = stamp
    room.queue[0] = first
    size, at = 1, 0
    while at < size:
        b = room.queue[at]
        at += 1
        for k in range(graph.start[b], graph.start[b + 1]):
            c = graph.other[k]
            if room.seen[c] != stamp and (state.home[c] == g or state.home[c] == h):
                room.seen[c] = stamp
                room.queue[size] = c
                size += 1
    return size


@compiled
def accepts(change: float, heat: float, state: State) -> bool:
    return change <= 0.0 or (heat > 0.0 and chance(state.rng) < np.exp(-change / heat))


@compiled
def try_move(a: int, h: int, heat: float, graph: Graph, state: State, terms: Terms, room: Room) -> float:
    """Atom a goes to grid h if that is accepted; the change of price."""
    g = state.home[a]
    if state.held[g] < 2:
        return 0.0
    before = grid_price(g, state, terms) + grid_price(h, state, terms)
    change = compounds_change(a, h, graph, state, terms, room) - before
    change += move(a, h, graph, state) * terms.border
    change += grid_price(g, state, terms) + grid_price(h, state, terms)
    taken = accepts(change, heat, state)
    if taken:
        state.home[a] = g
        taken = stays_whole(a, graph, state, room)
        state.home[a] = h
    if not taken:
        move(a, g, graph, state)
        return 0.0
    return change


@compiled
def try_swap(a: int, b: int, heat: float, graph: Graph, state: State, terms: Terms, room: Room) -> float:
    """Atom a goes to the grid of its neighbour b, and an atom from there comes back."""
    g, h = state.home[a], state.home[b]
    if state.held[g] < 2 or state.held[h] < 2:
        return 0.0
    size = reach(b, h, h, graph, state, room)
    found = 0
    for i in range(size):
        c = room.queue[i]
        for k in range(graph.start[c], graph.start[c + 1]):
            if state.home[graph.other[k]] == g and graph.other[k] != a:
                room.member[found] = c
                found += 1
                break
    if found == 0:
        return 0.0
    c = room.member[draw(state.rng, found)]
    before = grid_price(g, state, terms) + grid_price(h, state, terms)
    change = compounds_change(a, h, graph, state, terms, room) - before
    border = move(a, h, graph, state)
    change += compounds_change(c, g, graph, state, terms, room)
    border += move(c, g, graph, state)
    change += grid_price(g, state, terms) + grid_price(h, state, terms) + border * terms.border
    if accepts(change, heat, state):
        whole = reach(a, h, h, graph, state, room) == state.held[h]
        if whole and reach(c, g, g, graph, state, room) == state.held[g]:
            return change
    move(c, h, graph, state)
    move(a, g, graph, state)
    return 0.0


@compiled
def grow_tree(size: int, graph: Graph, state: State, room: Room) -> None:
    """Random spanning tree (Prim, random keys, long shared borders first) over the first `size` members."""
    for i in range(size):
        room.place[room.member[i]] = i
        room.key[i] = np.inf
        room.side[i] = 0
        room.parent[i] = -1
    room.clock[0] += 1
    stamp = room.clock[0]
    for i in range(size):
        room.seen[room.member[i]] = stamp
    room.key[draw(state.rng, size)] = 0.0
    for step in range(size):
        nearest, least = -1, np.inf
        for i in range(size):
            if room.side[i] == 0 and room.key[i] < least:
                nearest, least = i, room.key[i]
        room.side[nearest] = 1
        room.order[step] = nearest
        a = room.member[nearest]
        for k in range(graph.start[a], graph.start[a + 1]):
            b = graph.other[k]
            if room.seen[b] == stamp and room.side[room.place[b]] == 0:
                key = (0.02 + chance(state.rng)) / (1.0 + graph.price[k])
                if key < room.key[room.place[b]]:
                    room.key[room.place[b]] = key
                    room.parent[room.place[b]] = nearest


@compiled
def sum_tree(size: int, graph: Graph, room: Room) -> None:
    """Households and minutes below each place of the tree."""
    for i in range(size):
        room.tree[i, HOUSEHOLDS] = graph.own[room.member[i], HOUSEHOLDS]
        room.tree[i, MINUTES] = graph.own[room.member[i], MINUTES]
    for step in range(size - 1, 0, -1):
        i = room.order[step]
        room.tree[room.parent[i], HOUSEHOLDS] += room.tree[i, HOUSEHOLDS]
        room.tree[room.parent[i], MINUTES] += room.tree[i, MINUTES]


@compiled
def touch_compounds(size: int, g: int, h: int, graph: Graph, state: State, room: Room) -> int:
    """Lists the compounds of the first `size` members with the number of other grids they lie in; how many."""
    found = 0
    for i in range(size):
        a = room.member[i]
        for k in range(graph.first_compound[a], graph.first_compound[a + 1]):
            c = graph.compound[k]
            if room.on_side[c] == 0:
                room.on_side[c] = 1
                room.touched[found] = c
                found += 1
    for t in range(found):
        c = room.touched[t]
        room.on_side[c] = 0
        room.clock[0] += 1
        stamp = room.clock[0]
        room.met[g], room.met[h] = stamp, stamp
        room.beyond[c] = 0
        for m in range(graph.first_inside[c], graph.first_inside[c + 1]):
            there = state.home[graph.inside[m]]
            if room.met[there] != stamp:
                room.met[there] = stamp
                room.beyond[c] += 1
    return found


@compiled
def price_sides(size: int, touched: int, stamp: int, g: int, h: int, graph: Graph, room: Room, terms: Terms) -> float:
    """Price of the two grids and the border between them where `side` is 1 for g and 0 for h; sums in `room.sum`."""
    room.sum[:, :] = 0.0
    border = 0.0
    for i in range(size):
        a = room.member[i]
        row = room.side[i]
        for k in range(graph.first_compound[a], graph.first_compound[a + 1]):
            room.on_side[graph.compound[k]] |= 1 << row
        for kind in range(4):
            room.sum[row, kind] += graph.own[a, kind]
        for k in range(graph.start[a], graph.start[a + 1]):
            b = graph.other[k]
            if room.seen[b] == stamp:
                if room.side[room.place[b]] == row:
                    room.sum[row, PERIMETER] -= graph.shared[k]
                else:
                    border += graph.price[k]
    compounds = 0.0
    for t in range(touched):
        c = room.touched[t]
        parts = room.beyond[c] + (2 if room.on_side[c] == 3 else 1)
        compounds += parts_price(parts, terms)
        room.on_side[c] = 0
    one, two = room.sum[1], room.sum[0]
    return (
        price_of(one[0], one[1], one[2], one[3], g, terms)
        + price_of(two[0], two[1], two[2], two[3], h, terms)
        + border / 2.0 * terms.border
        + compounds
    )


@compiled
def mark_below(size: int, top: int, flip: int, room: Room) -> int:
    """Sides of a cut above place `top`: 1 below it (0 when flipped); how many are below."""
    below = 0
    for step in range(size):
        i = room.order[step]
        if i == top or (step > 0 and room.parent[i] >= 0 and room.side[room.parent[i]] == 2):
            room.side[i] = 2
            below += 1
        else:
            room.side[i] = 3
    for i in range(size):
        room.side[i] = (1 if room.side[i] == 2 else 0) ^ flip
    return below


@compiled
def try_recombination(a: int, b: int, heat: float, graph: Graph, state: State, terms: Terms, room: Room) -> float:
    """The grids of neighbours a and b are cut anew along the best edge of a random spanning tree."""
    g, h = state.home[a], state.home[b]
    size = reach(a, g, h, graph, state, room)
    if size > MOST_MEMBERS or size < 2 or size != state.held[g] + state.held[h]:
        return 0.0
    for i in range(size):
        room.member[i] = room.queue[i]
    touched = touch_compounds(size, g, h, graph, state, room)
    grow_tree(size, graph, state, room)
    stamp = room.clock[0]
    sum_tree(size, graph, room)
    for i in range(size):
        room.side[i] = 1 if state.home[room.member[i]] == g else 0
    before = price_sides(size, touched, stamp, g, h, graph, room, terms)
    limit = off_balance(state.load[g, HOUSEHOLDS], state.load[g, MINUTES], g, terms)
    limit += off_balance(state.load[h, HOUSEHOLDS], state.load[h, MINUTES], h, terms) + 2.0 * terms.balance
    whole_h = state.load[g, HOUSEHOLDS] + state.load[h, HOUSEHOLDS]
    whole_m = state.load[g, MINUTES] + state.load[h, MINUTES]
    best, top, best_flip = np.inf, -1, 0
    for step in range(1, size):
        i = room.order[step]
        low_h, low_m = room.tree[i, HOUSEHOLDS], room.tree[i, MINUTES]
        for flip in range(2):
            one = off_balance(low_h, low_m, h if flip else g, terms)
            two = off_balance(whole_h - low_h, whole_m - low_m, g if flip else h, terms)
            if one + two <= limit:
                mark_below(size, i, flip, room)
                price = price_sides(size, touched, stamp, g, h, graph, room, terms)
                if price < best:
                    best, top, best_flip = price, i, flip
    if top < 0 or not accepts(best - before, heat, state):
        return 0.0
    mark_below(size, top, best_flip, room)
    price_sides(size, touched, stamp, g, h, graph, room, terms)
    state.load[g, :] = room.sum[1]
    state.load[h, :] = room.sum[0]
    state.held[g], state.held[h] = 0, 0
    for i in range(size):
        grid = g if room.side[i] == 1 else h
        state.home[room.member[i]] = grid
        state.held[grid] += 1
    return best - before


@compiled
def sum_loads(graph: Graph, state: State) -> None:
    """`load` and `held` from `home`."""
    state.load[:, :] = 0.0
    state.held[:] = 0
    for a in range(len(state.home)):
        g = state.home[a]
        state.held[g] += 1
        for kind in range(4):
            state.load[g, kind] += graph.own[a, kind]
        for k in range(graph.start[a], graph.start[a + 1]):
            if state.home[graph.other[k]] == g:
                state.load[g, PERIMETER] -= graph.shared[k]


@compiled
def total_price(graph: Graph, state: State, terms: Terms, room: Room) -> float:
    """Price of the whole division."""
    total = 0.0
    for g in range(len(state.held)):
        total += grid_price(g, state, terms)
    border = 0.0
    for a in range(len(state.home)):
        for k in range(graph.start[a], graph.start[a + 1]):
            if state.home[graph.other[k]] != state.home[a]:
                border += graph.price[k]
    for c in range(len(graph.first_inside) - 1):
        room.clock[0] += 1
        parts = 0
        for m in range(graph.first_inside[c], graph.first_inside[c + 1]):
            there = state.home[graph.inside[m]]
            if room.met[there] != room.clock[0]:
                room.met[there] = room.clock[0]
                parts += 1
        total += parts_price(parts, terms)
    return float(total + border / 2.0 * terms.border)


@compiled
def search(
    steps: int, hot: float, cold: float, swaps: int, cuts: int, graph: Graph, state: State, terms: Terms, room: Room
) -> float:
    """`steps` tries while the heat falls from `hot` to `cold`; of 1000 tries `swaps` and `cuts` are of those kinds.

    The best division met at a low price is left in `home`; the answer is its price.
    """
    sum_loads(graph, state)
    price = total_price(graph, state, terms, room)
    best = price
    state.best[:] = state.home
    heat = hot
    cooling = (cold / hot) ** (1000.0 / max(1000, steps))
    last_saved = 0
    for step in range(steps):
        if step % 1000 == 999:
            heat *= cooling
        a = draw(state.rng, len(state.home))
        degree = graph.start[a + 1] - graph.start[a]
        if degree == 0:
            continue
        b = graph.other[graph.start[a] + draw(state.rng, degree)]
        if state.home[a] == state.home[b]:
            continue
        kind = draw(state.rng, 1000)
        if kind < cuts:
            price += try_recombination(a, b, heat, graph, state, terms, room)
        elif kind < cuts + swaps:
            price += try_swap(a, b, heat, graph, state, terms, room)
        else:
            price += try_move(a, state.home[b], heat, graph, state, terms, room)
        if price < best - 1e-9 and step - last_saved >= 200:
            best = price
            last_saved = step
            state.best[:] = state.home
    if price < best:
        state.best[:] = state.home
    state.home[:] = state.best
    sum_loads(graph, state)
    return total_price(graph, state, terms, room)
